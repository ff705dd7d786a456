"""What admins see: one tab of "Users admin" a file, and the parts of the larger ones."""
