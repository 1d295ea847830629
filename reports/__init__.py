"""Records -> tables, figures and the report. Reads files only: neither torch nor gan_losses is imported."""
