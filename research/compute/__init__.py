"""Jobs in processes of their own: started, watched and ended here; no Django."""
