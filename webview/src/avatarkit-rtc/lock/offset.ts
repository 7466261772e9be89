/**
 * How far the picture is from the sound, measured by other means than the lock steers by: a short correlation against
 * the envelope in the domain of pull times, which knows nothing of RTP or of anchors.
 */
import { FRAME_MS } from "../motion/codec";
import type { Round } from "../motion/round";
import { correlate } from "./anchor";
import { type EnvelopeRing, HOP_MS } from "./envelope";
import { lastEnergies } from "./heard";
import { quantile } from "./statistics";

/** Offsets of late; NaN while n is 0. */
export interface OffsetFigures {
  readonly p50: number;
  /** 95th percentile of the absolute values. */
  readonly p95Abs: number;
  readonly n: number;
}

const WINDOW_FRAMES = 30;
const SEARCH_MS = 150;
const KEEP = 3000;
const PICTURES_MS = 3000;
const NEAR_MS = 60;

/** A picture that was drawn: when, and which track time it belongs to. */
interface Drawn {
  readonly at: number;
  readonly trackMs: number;
}

/** Collects offsets, positive = picture ahead of sound. */
export class OffsetMonitor {
  private values: number[] = [];
  private pictures: Drawn[] = [];

  /** The picture drawn at `at` belongs to track time `trackMs`. */
  drawn(at: number, trackMs: number): void {
    this.pictures.push({ at, trackMs });
    while ((this.pictures[0]?.at ?? at) < at - PICTURES_MS) this.pictures.shift();
  }

  /** Takes one sample, if pictures were drawn of late and the correlation is clear. */
  measure(now: number, byPull: EnvelopeRing, round: Round, playoutMs: number): void {
    const newest = this.pictures.at(-1);
    if (!newest || now - newest.at > 100) return;
    // If the picture is right, its track time left the jitter buffer the playout delay before it was drawn.
    const lagOf = (picture: Drawn): number => picture.at - playoutMs - picture.trackMs;
    const guess = lagOf(newest);
    const span = lastEnergies(round, byPull.newest * HOP_MS - guess - SEARCH_MS, WINDOW_FRAMES);
    if (!span || span.amplitudes.length < WINDOW_FRAMES) return;
    const match = correlate(byPull, span, guess - SEARCH_MS, guess + SEARCH_MS);
    if (!match || match.edge || match.r < 0.85 || match.r - match.second < 0.03) return;
    // The correlation speaks of the middle of its window; so must the picture it is compared with.
    const middle = span.startMs + (WINDOW_FRAMES * FRAME_MS) / 2;
    const picture = this.pictureOf(middle);
    if (!picture) return;
    this.values.push(match.lag - lagOf(picture));
    if (this.values.length > KEEP) this.values.shift();
  }

  /** The picture that came nearest to a track time; null if none came near. */
  private pictureOf(trackMs: number): Drawn | null {
    let best: Drawn | null = null;
    for (const picture of this.pictures) {
      if (!best || Math.abs(picture.trackMs - trackMs) < Math.abs(best.trackMs - trackMs)) best = picture;
    }
    return best && Math.abs(best.trackMs - trackMs) < NEAR_MS ? best : null;
  }

  /** Figures over everything collected since the last clear. */
  figures(): OffsetFigures {
    return {
      p50: quantile(this.values, 0.5),
      p95Abs: quantile(
        this.values.map((value) => Math.abs(value)),
        0.95,
      ),
      n: this.values.length,
    };
  }

  /** Forgets the samples. */
  clear(): void {
    this.values = [];
    this.pictures = [];
  }
}
