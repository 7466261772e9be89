/** Breathing: 1.2 s in, half a second full, 1 s out, then a rest. */
const IN = 1.2;
const FULL = 0.5;
const OUT = 1.0;
const REST = 1.5;

/** Fullness 0..1 of the lungs at `now` (s). */
export function breathAt(now: number): number {
  const t = now % (IN + FULL + OUT + REST);
  const ease = (x: number): number => 0.5 - 0.5 * Math.cos(Math.PI * x);
  if (t < IN) return ease(t / IN);
  if (t < IN + FULL) return 1;
  if (t < IN + FULL + OUT) return ease(1 - (t - IN - FULL) / OUT);
  return 0;
}
