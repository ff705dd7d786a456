"""What admins see: one tab of "Users Admin" a file, and the parts of the larger ones."""
