"""What the trials of a campaign, or of all points of a grid, say: measures, margins, what drives them, verdicts."""
