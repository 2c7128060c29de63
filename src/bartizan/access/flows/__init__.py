"""What people do, step by step: log in, prove anew, enrol, confirm, change, log out. One module per flow."""
