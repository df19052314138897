"""报送: a region's figures on their way upward, signed, received or returned, corrected, archived."""
