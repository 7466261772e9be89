/** Kiosk: back to the attract screen when nobody is there any more, after a countdown everybody can see. */
import { inCall } from "./phase";
import type { SessionStore } from "./store";

/** The countdown is shown for the last seconds of the wait, at most half of it. */
const COUNTDOWN_S = 15;
const TICK_MS = 250;

export interface IdleDeps {
  readonly store: SessionStore;
  /** True while the microphone hears a voice. */
  readonly voice: () => boolean;
  readonly reset: () => void;
  /** Where touches and keys are heard. */
  readonly target: EventTarget;
}

export class IdleReset {
  readonly #deps: IdleDeps;
  readonly #timer: ReturnType<typeof setInterval>;
  #since = performance.now();

  constructor(deps: IdleDeps) {
    this.#deps = deps;
    for (const name of ["pointerdown", "keydown", "touchstart"]) {
      deps.target.addEventListener(name, () => this.touch(), { passive: true });
    }
    deps.store.captions.subscribe(() => this.touch());
    deps.store.phase.subscribe(() => this.touch());
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Somebody is there. */
  touch(): void {
    this.#since = performance.now();
    this.#deps.store.idleCountdown.value = null;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const { store, voice, reset } = this.#deps;
    const limit = store.settings.value.idleResetSeconds;
    const waiting = inCall(store.phase.value) || store.phase.value === "failed" || store.phase.value === "ended";
    if (!store.kiosk.value || limit <= 0 || !waiting) {
      this.touch();
      return;
    }
    const busy = store.activity.value === "speaking" || store.activity.value === "thinking" || voice();
    if (busy) {
      this.touch();
      return;
    }
    const left = limit - (performance.now() - this.#since) / 1000;
    if (left <= 0) {
      this.touch();
      reset();
      return;
    }
    store.idleCountdown.value = left <= Math.min(COUNTDOWN_S, limit / 2) ? Math.ceil(left) : null;
  }
}
