"""The main window: dark from its first frame, remembers where it was, holds the web view."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSettings, QSize, Qt
from PySide6.QtGui import QCloseEvent, QColor, QPalette
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QMainWindow

from avatardesk.settings import WindowSettings

#: Shown until the page has painted; the page's own night background.
BACKGROUND = QColor("#12151c")

TITLE = "AvatarDesk"

_SMALLEST = QSize(360, 480)


class MainWindow(QMainWindow):
    """Holds the view. Closing it asks `on_close`; the window goes only when the program ends."""

    def __init__(self, settings: WindowSettings, geometry_file: Path, on_close: Callable[[], None]) -> None:
        super().__init__()
        self._on_close = on_close
        self._store = QSettings(str(geometry_file), QSettings.Format.IniFormat)
        self.setWindowTitle(TITLE)
        self.setMinimumSize(_SMALLEST)
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, BACKGROUND)
        self.setPalette(palette)
        self.view = QWebEngineView(self)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setCentralWidget(self.view)
        self.resize(settings.width, settings.height)

    def restore(self) -> None:
        """Take the place and size of the last time, if there was one."""
        geometry = self._store.value("geometry")
        if geometry is not None:
            self.restoreGeometry(geometry)

    def remember(self) -> None:
        """Store place and size for the next time."""
        self._store.setValue("geometry", self.saveGeometry())
        self._store.sync()

    def raise_up(self) -> None:
        """Bring the window to the front."""
        if self.isMinimized():
            self.showNormal()
        self.show()
        self.raise_()
        self.activateWindow()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Leave the closing to the program: it ends in order, and then the window goes."""
        event.ignore()
        self._on_close()
