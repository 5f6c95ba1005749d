"""A junction alone, and what all benches of junctions share."""
