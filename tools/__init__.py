"""Programs for those who work on AvatarDesk itself."""
