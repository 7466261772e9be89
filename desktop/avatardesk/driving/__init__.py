"""The avatar service: it speaks the SpatialReal cloud's wire on loopback, so that programs for it run here."""
