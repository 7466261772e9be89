/** The face at a moment between frames. */
import { blendInto, type MutableFrame } from "../../avatarkit/frames";
import type { MotionFrame } from "../../avatarkit/render/types";
import { FRAME_MS } from "./codec";
import type { Round } from "./round";

/** Frames looked at on either side for a neighbour when one is missing: 120 ms. */
const REACH = 6;

/** How good a sample is: both neighbours there, only an older one (the newest so far), or none. */
export type SampleQuality = "full" | "held" | "none";

function nearest(round: Round, from: number, step: 1 | -1): { index: number; frame: MotionFrame } | null {
  for (let i = 0; i < REACH; i++) {
    const index = from + i * step;
    const frame = round.frame(index);
    if (frame) return { index, frame };
  }
  return null;
}

/**
 * Writes the face at media time `media` ms into `out`. A frame stands for the middle of its 20 ms; between two middles
 * the face is interpolated, across missing frames as well. `none` leaves `out` as it was.
 */
export function sampleInto(out: MutableFrame, round: Round, media: number): SampleQuality {
  const position = Math.max(0, media / FRAME_MS - 0.5);
  const index = Math.floor(position);
  const before = nearest(round, index, -1);
  const after = nearest(round, index + 1, 1);
  if (before && after) {
    blendInto(out, before.frame, after.frame, (position - before.index) / (after.index - before.index));
    return "full";
  }
  const only = before ?? after;
  if (!only) return "none";
  blendInto(out, only.frame, only.frame, 0);
  // The round's last frame has no successor, and needs none.
  const isLast = round.frameCount !== null && only.index === round.frameCount - 1;
  return after || isLast ? "full" : "held";
}
