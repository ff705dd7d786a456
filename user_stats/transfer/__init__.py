"""Data in and out: what comes from other services and servers, and what goes out."""
