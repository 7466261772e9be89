/**
 * When the user speaks, from the loudness of the microphone alone. It only measures (turn times, the level ring, the
 * attract screen): what the agent takes for speech is the agent's business.
 */

/** Loudness is counted as voice this far above the noise floor, in dB … */
const ABOVE_FLOOR_DB = 12;
/** … and never below this level, in dBFS: quieter is room tone. */
const MIN_VOICE_DB = -52;
/** The noise floor is the quietest 50 ms of the last 8 s: speech pauses more often than that, steady noise does not. */
const FLOOR_BLOCK_MS = 50;
const FLOOR_SLOT_MS = 500;
const FLOOR_SLOTS = 16;
const LOWEST_FLOOR_DB = -75;
const HIGHEST_FLOOR_DB = -40;
/** Loud time within the window that makes a burst: shorter ones are clicks. */
const BURST_MS = 60;
/** A pause longer than this ends a burst, ms. */
const PAUSE_MS = 400;

export interface VoiceTimes {
  /** First loud frame of the burst, performance.now() ms. */
  readonly start: number;
  /** End of its last loud frame so far. */
  readonly end: number;
}

class NoiseFloor {
  #power = 0;
  #blockMs = 0;
  #slotMs = 0;
  /** Quietest block of each slot, the running one last. */
  #slots = [Infinity];
  #db = HIGHEST_FLOOR_DB;

  /** dBFS. */
  get db(): number {
    return this.#db;
  }

  push(rms: number, duration: number): void {
    this.#power += rms * rms * duration;
    this.#blockMs += duration;
    if (this.#blockMs < FLOOR_BLOCK_MS) return;
    const power = this.#power / this.#blockMs;
    this.#slotMs += this.#blockMs;
    this.#power = 0;
    this.#blockMs = 0;
    this.#slots.push(Math.min(this.#slots.pop() ?? Infinity, 10 * Math.log10(Math.max(power, 1e-12))));
    this.#db = Math.min(HIGHEST_FLOOR_DB, Math.max(LOWEST_FLOOR_DB, Math.min(...this.#slots)));
    if (this.#slotMs < FLOOR_SLOT_MS) return;
    this.#slotMs = 0;
    this.#slots = [...this.#slots.slice(1 - FLOOR_SLOTS), Infinity];
  }
}

export class VoiceActivity {
  readonly #floor = new NoiseFloor();
  #candidate: { start: number; end: number; loudMs: number } | null = null;
  #burst: { start: number; end: number } | null = null;
  #level = 0;

  /** Loudness for a meter, 0–1, falling gently. */
  get level(): number {
    return this.#level;
  }

  /** The newest burst of speech, or null before the first. */
  get last(): VoiceTimes | null {
    return this.#burst;
  }

  /** True while a burst goes on at time `now`. */
  speaking(now: number): boolean {
    return this.#burst !== null && now - this.#burst.end <= PAUSE_MS;
  }

  /**
   * Take one block of sound.
   * @param rms its root mean square, 0–1
   * @param end performance.now() ms of its end
   * @param duration its length in ms
   */
  push(rms: number, end: number, duration: number): void {
    const db = rms > 0 ? 20 * Math.log10(rms) : -Infinity;
    const meter = Math.min(1, Math.max(0, (db + 55) / 45));
    this.#level = Math.max(meter, this.#level - duration / 350);
    this.#floor.push(rms, duration);
    if (db > Math.max(MIN_VOICE_DB, this.#floor.db + ABOVE_FLOOR_DB)) this.#loud(end, duration);
  }

  #loud(end: number, duration: number): void {
    if (this.#burst && end - this.#burst.end <= PAUSE_MS) {
      this.#burst.end = end;
      return;
    }
    if (this.#candidate === null || end - this.#candidate.end > PAUSE_MS / 2) {
      this.#candidate = { start: end - duration, end, loudMs: 0 };
    }
    this.#candidate.end = end;
    this.#candidate.loudMs += duration;
    if (this.#candidate.loudMs < BURST_MS) return;
    this.#burst = { start: this.#candidate.start, end };
    this.#candidate = null;
  }
}

/** Root mean square of samples in −1…1. */
export function rootMeanSquare(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length === 0 ? 0 : Math.sqrt(sum / samples.length);
}
