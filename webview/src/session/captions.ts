/** The transcript: lines of both sides, built from text streams whose interim texts replace one another. */

export type Speaker = "user" | "avatar";

export interface CaptionLine {
  /** `lk.segment_id` of the stream, or an id of the page's own for typed text. */
  readonly id: string;
  readonly speaker: Speaker;
  readonly text: string;
  /** False while the text can still change. */
  readonly final: boolean;
  /** Typed by the user rather than heard. */
  readonly typed: boolean;
  /** Epoch milliseconds of the line's first text. */
  readonly at: number;
}

export interface CaptionUpdate {
  readonly id: string;
  readonly speaker: Speaker;
  readonly text: string;
  readonly final: boolean;
  readonly typed?: boolean;
  readonly at: number;
}

/** A kiosk runs for weeks: only the last lines are kept. */
export const MAX_LINES = 400;

/**
 * The transcript with one update in it: a known segment's text is replaced, an unknown one is appended. An interim
 * text that comes after the final one of its segment is late and changes nothing; empty new lines are not kept.
 */
export function updateCaptions(lines: readonly CaptionLine[], update: CaptionUpdate): readonly CaptionLine[] {
  const text = update.text.replace(/\s+/g, " ").trim();
  const index = lines.findLastIndex((line) => line.id === update.id && line.speaker === update.speaker);
  const known = lines[index];
  if (known === undefined) {
    if (text === "") return lines;
    const line: CaptionLine = {
      id: update.id,
      speaker: update.speaker,
      text,
      final: update.final,
      typed: update.typed ?? false,
      at: update.at,
    };
    return [...lines, line].slice(-MAX_LINES);
  }
  if (known.final && !update.final) return lines;
  const next = { ...known, text: text === "" ? known.text : text, final: known.final || update.final };
  return lines.with(index, next);
}

/** The newest line of each side, in the order they were begun: what the captions over the picture show. */
export function lastExchange(lines: readonly CaptionLine[]): readonly CaptionLine[] {
  const user = lines.findLast((line) => line.speaker === "user");
  const avatar = lines.findLast((line) => line.speaker === "avatar");
  return lines.filter((line) => line === user || line === avatar);
}

/** A line as people like to read it: recognisers leave out the capital at the beginning. */
export function presentable(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
