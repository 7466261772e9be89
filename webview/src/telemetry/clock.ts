/** The page's one clock is performance.now(); the program is told epoch milliseconds. */

/** Epoch milliseconds of a performance.now() time. */
export function toEpoch(at: number): number {
  return performance.timeOrigin + at;
}

/** Milliseconds rounded to a tenth, as reports carry them; null stays null. */
export function tenths(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 10) / 10;
}
