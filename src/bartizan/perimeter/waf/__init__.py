"""The web application firewall: SecLang rules (the ModSecurity rule language), compiled, and run on every exchange."""
