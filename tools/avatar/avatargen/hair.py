"""Locks cut from hair sheets, the lining under them, and whole hair styles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from avatargen.character import Character, colour
from avatargen.fields import Array, project, smoothstep, unit
from avatargen.hair_sheets import BUN_DIRECTION, CENTRE, Sheet, bob_sheet, bun_sheet, short_sheet
from avatargen.part import Part, grid, merge, shade_of
from avatargen.sculpt import Sculpt
from avatargen.topology import vertex_normals


@dataclass(frozen=True)
class LockCut:
    """How a sheet is cut into locks."""

    count: int
    rows: int = 16
    columns: int = 7
    height: float = 1.0
    """Of the locks' edges, in parts of the sheet's lift."""
    bulge: float = 0.028
    overlap: float = 1.16
    tip: float = 0.20
    """The last part of the length, over which a lock narrows to its point."""
    uneven: float = 0.05
    """Spread of the locks' lengths."""
    root: float = 0.0
    """Where along the sheet the locks begin."""
    start: float = 0.0
    stop: float = 1.0


def cut_locks(sheet: Sheet, cut: LockCut, rng: np.random.Generator, tone: Array) -> list[Part]:
    """Locks side by side: neighbours share their edges, so the mass has grooves but no holes."""
    widths = rng.uniform(0.65, 1.35, cut.count)
    edges = cut.start + np.concatenate([[0.0], np.cumsum(widths) / widths.sum()]) * (cut.stop - cut.start)
    t0 = np.linspace(0, 1, cut.rows)
    v = np.linspace(-1, 1, cut.columns)
    waves = rng.uniform(0, 2 * np.pi, (cut.count + 1, 2))
    spacing = (cut.stop - cut.start) / cut.count
    locks = []
    for k in range(cut.count):
        end = 1.0 - cut.uneven * rng.random()
        t = cut.root + (end - cut.root) * t0
        # Edges wander a little, the same way for both neighbours.
        drift = [0.16 * spacing * np.sin(t * 5.0 + waves[j, 0]) * smoothstep(0.0, 0.4, t) for j in (k, k + 1)]
        low = edges[k] + drift[0] * (k > 0 or sheet.closed)
        high = edges[k + 1] + drift[1] * (k < cut.count - 1 or sheet.closed)
        pinch = np.sqrt(np.clip(1 - (np.clip(t0 - (1 - cut.tip), 0, 1) / cut.tip) ** 1.8, 0.0, 1.0))
        pinch = np.maximum(pinch, 0.02)
        # Loose locks leave the mass as gently as they end.
        pinch = (
            pinch * np.maximum(smoothstep(0.0, 0.30, t0), 0.12) if cut.root and cut.overlap < 0.5 else pinch
        )
        middle = (low + high) / 2 + 0.25 * (high - low) * rng.normal() * smoothstep(0.7, 1.0, t0)
        half = (high - low) / 2 * cut.overlap * pinch
        uu = (middle[:, None] + half[:, None] * v[None]).ravel()
        tt = np.repeat(t, cut.columns)
        round_ = np.sqrt(np.clip(1 - v**2, 0, 1))
        grow = smoothstep(0.0, 0.22, t0) * (0.35 + 0.65 * pinch)
        offset = (cut.bulge * (0.75 + 0.5 * rng.random()) * grow[:, None] * (round_[None] - 0.35)).ravel()
        p = sheet.at(uu, tt, np.full(len(uu), cut.height)) + sheet.out(uu, tt) * offset[:, None]
        curves = p.reshape(cut.rows, cut.columns, 3)
        tangent = unit(np.asarray(np.gradient(curves, axis=0))).reshape(-1, 3)
        triangles = grid(cut.rows, cut.columns)
        normals = vertex_normals(p, triangles)
        if np.einsum("ij,ij->", normals, sheet.out(uu, tt)) < 0:
            triangles, normals = triangles[:, ::-1], -normals
        shade = shade_of(
            len(p), np.tile((v + 1) / 2, cut.rows), np.repeat(t0, cut.columns), rng.random(), 1.0
        )
        locks.append(
            Part(
                "lock",
                "hair",
                p,
                triangles,
                normals,
                np.tile(tone * rng.uniform(0.84, 1.16), (len(p), 1)),
                shade,
                tangent,
            )
        )
    return locks


def lining(
    sheet: Sheet, height: float, tone: Array, rows: int = 12, columns: int = 34, end: float = 0.93
) -> Part:
    """A dark sheet under the locks: nothing can be seen through the gaps of the hair."""
    u = np.repeat(np.linspace(0, 1, columns), rows)
    t = np.tile(np.linspace(0.02, end, rows), columns)
    p = sheet.at(u, t, np.full(len(u), height))
    triangles = grid(columns, rows)
    return Part(
        "lining",
        "lining",
        p,
        triangles,
        vertex_normals(p, triangles),
        np.tile(tone * 0.30, (len(p), 1)),
        shade_of(len(p)),
    )


def _bun(sculpt: Sculpt, tone: Array, rng: np.random.Generator) -> tuple[Part, Array, float]:
    """The knot: a ball of strands wound round an axis. Returns its centre and radius for the shadows too."""
    radius = 0.34
    root = project((CENTRE + BUN_DIRECTION * 1.0)[None], sculpt.scalp, rounds=6)[0]
    centre = root + BUN_DIRECTION * radius * 0.62
    rows, columns = 22, 49
    lat = np.linspace(0.02, np.pi - 0.02, rows)[:, None]
    lon = np.linspace(0, 2 * np.pi, columns)[None]
    ridge = 0.05 * np.abs(np.sin(2.5 * lon + 2.3 * lat)) ** 0.7
    axis = unit(np.array([0.25, 0.95, -0.2]))
    side = unit(np.cross(axis, np.array([0.0, 0.0, 1.0])))
    ahead = np.cross(side, axis)
    ball = (
        (np.sin(lat) * np.cos(lon))[..., None] * side
        + (np.sin(lat) * np.sin(lon))[..., None] * ahead
        + (0.86 * np.cos(lat) * np.ones_like(lon))[..., None] * axis
    )
    p = (centre + ball * (radius * (0.95 + ridge))[..., None]).reshape(-1, 3)
    across = (np.sin(lat) * 0 + (2.5 * lon + 2.3 * lat) / np.pi % 1.0).ravel()
    wind = unit(-np.sin(lon)[..., None] * side + np.cos(lon)[..., None] * ahead) + 0 * ball
    slope = unit(np.gradient(ball, axis=0))
    tangent = unit(0.68 * slope - 0.73 * wind).reshape(-1, 3)
    triangles = grid(rows, columns)
    normals = vertex_normals(p, triangles)
    if np.einsum("ij,ij->", normals, p - centre) < 0:
        triangles, normals = triangles[:, ::-1], -normals
    strand = rng.random()
    shade = shade_of(len(p), across, np.repeat(np.linspace(0.2, 0.8, rows), columns), strand, 1.0)
    return (
        Part("bun", "hair", p, triangles, normals, np.tile(tone, (len(p), 1)), shade, tangent),
        centre,
        radius,
    )


def _crop(sheet: Sheet, tone: Array, rng: np.random.Generator) -> Part:
    """Short, tight curls: one grained surface."""
    columns, rows = 121, 26
    u = np.repeat(np.linspace(0, 1, columns), rows)
    t = np.tile(np.linspace(0.0, 1.0, rows), columns)
    p = sheet.at(u, t, np.ones(len(u)))
    triangles = grid(columns, rows)
    normals = vertex_normals(p, triangles)
    if np.einsum("ij,ij->", normals, sheet.out(u, t)) < 0:
        triangles, normals = triangles[:, ::-1], -normals
    # The seam's two columns share one normal.
    grid_normals = normals.reshape(columns, rows, 3)
    seam = unit(grid_normals[0] + grid_normals[-1])
    grid_normals[0] = grid_normals[-1] = seam
    shade = shade_of(len(p), u, t, rng.random(), 1.0)
    return Part("crop", "curl", p, triangles, normals, np.tile(tone, (len(p), 1)), shade)


@dataclass(frozen=True)
class Hair:
    """A finished style: its parts, points along its mass (for shadows, painted scalp), its thickness."""

    parts: list[Part]
    mass: Array
    thickness: float


def grow_hair(character: Character, sculpt: Sculpt) -> Hair:
    """The character's hair style."""
    rng = np.random.default_rng(100 + character.seed)
    tone = colour(character.palette.hair)
    style = character.hair
    if style.style == "bob":
        return _grow_bob(sculpt, style.lift, style.clump, tone, rng)
    if style.style == "short":
        sheet = short_sheet(sculpt, style.lift)
        mass = _mass(sheet, 0.4)
        return Hair([_crop(sheet, tone, rng)], mass, 0.035)
    sheet = bun_sheet(sculpt, style.lift)
    cut = LockCut(count=34, rows=15, columns=6, bulge=style.clump, tip=0.05, uneven=0.0, overlap=1.28)
    bun, centre, radius = _bun(sculpt, tone, rng)
    wisps = LockCut(
        count=9,
        rows=12,
        columns=4,
        bulge=0.012,
        height=1.35,
        overlap=0.30,
        tip=0.5,
        uneven=0.4,
        root=0.04,
        start=-0.22,
        stop=0.22,
    )
    locks = [*cut_locks(sheet, cut, rng, tone), *cut_locks(sheet, wisps, rng, tone * 1.08), bun]
    ball = centre + unit(rng.normal(size=(500, 3))) * radius * 0.9
    parts = [merge("hair", locks), lining(sheet, 0.62, tone * 4.0, columns=49, end=1.0)]
    return Hair(parts, np.concatenate([_mass(sheet, 0.6), _mass(sheet, 0.05), ball]), 0.05)


def _grow_bob(sculpt: Sculpt, lift: float, clump: float, tone: Array, rng: np.random.Generator) -> Hair:
    locks: list[Part] = []
    linings: list[Part] = []
    masses: list[Array] = []
    for side in (1, -1):
        sheet = bob_sheet(sculpt, side, lift)
        under = LockCut(
            count=17, rows=14, columns=5, height=0.66, bulge=clump * 0.7, uneven=0.07, overlap=1.3, root=0.12
        )
        over = LockCut(count=17, rows=18, columns=7, bulge=clump, uneven=0.06, tip=0.24)
        loose = LockCut(
            count=5,
            rows=16,
            columns=4,
            height=1.20,
            bulge=0.02,
            overlap=0.26,
            tip=0.55,
            uneven=0.15,
            root=0.05,
            stop=0.5,
        )
        locks += cut_locks(sheet, loose, rng, tone * 1.06)
        locks += cut_locks(sheet, over, rng, tone)
        locks += cut_locks(sheet, under, rng, tone * 0.72)
        linings.append(lining(sheet, 0.40, tone))
        masses += [_mass(sheet, 0.7), _mass(sheet, 0.1)]
    # Front locks first: later fragments behind them are rejected by depth.
    locks.sort(key=lambda lock: -float(lock.points[:, 2].mean()))
    return Hair([merge("hair", locks), merge("lining", linings)], np.concatenate(masses), 0.075)


def _mass(sheet: Sheet, height: float) -> Array:
    u, t = (a.ravel() for a in np.meshgrid(np.linspace(0, 1, 60), np.linspace(0.02, 0.97, 26), indexing="ij"))
    return sheet.at(u, t, np.full(len(u), height))
