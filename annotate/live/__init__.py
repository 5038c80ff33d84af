"""What happens in an article, told to the pages that show it while it happens."""
