"""The WAF beside libmodsecurity."""
