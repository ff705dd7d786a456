"""How people prove who they are. So far: their passwords."""
