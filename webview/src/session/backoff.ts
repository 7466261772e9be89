/** Waits between tries to reconnect: growing, with a little chance in them, and cut short when something changed. */

const STEPS_MS = [500, 1000, 2000, 4000, 8000, 15_000] as const;

/** How long to wait before try `attempt` (1, 2, …), ms. @param random 0–1: spreads many clients by ±20 %. */
export function backoffMs(attempt: number, random: number): number {
  const step = STEPS_MS[Math.min(attempt, STEPS_MS.length) - 1] ?? STEPS_MS[0];
  return step * (0.8 + 0.4 * random);
}

/** A sleep that can be ended early. */
export class Nap {
  #wake: (() => void) | null = null;

  sleep(ms: number): Promise<void> {
    this.wake();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  wake(): void {
    this.#wake?.();
    this.#wake = null;
  }
}
