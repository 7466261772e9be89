/** Everything the window shows, as signals. The session writes it, the user interface only reads it. */
import { batch, computed, signal, type ReadonlySignal } from "@preact/signals";

import type { HelloResult, PageSettings, StackState } from "../bridge";
import { updateCaptions, type CaptionLine, type CaptionUpdate } from "./captions";
import { displayState, nextPhase, type Activity, type DisplayState, type Phase, type PhaseEvent } from "./phase";
import type { MicFailure, Notice, Problem } from "./problems";

export interface MicrophoneDevice {
  readonly id: string;
  readonly label: string;
}

export interface MicrophoneState {
  /** `closed`: not published; `open`: live; `muted`: published, sends silence; else why it could not be opened. */
  readonly status: "closed" | "opening" | "open" | "muted" | MicFailure;
  /** Label of the microphone in use. */
  readonly label: string | null;
}

/** One second of measurements, for the diagnostics overlay. */
export interface Diagnostics {
  readonly avOffsetMs: number | null;
  readonly lock: string;
  readonly fps: number | null;
  readonly frameMs: number | null;
  readonly resolution: readonly [width: number, height: number] | null;
  readonly motion: Readonly<Record<string, number>>;
  readonly lastTurnMs: number | null;
}

const NOTICE_MS = 6000;
const MAX_NOTICES = 3;

const INITIAL_SETTINGS: PageSettings = {
  captions: true,
  microphone: null,
  theme: "auto",
  character: "",
  avOffsetMs: 0,
  volume: 1,
  avatarRuntime: "auto",
  reducedMotion: "auto",
  idleResetSeconds: 60,
  assetUrl: null,
};

export class SessionStore {
  readonly phase = signal<Phase>("starting");
  readonly activity = signal<Activity>("waiting");
  /** Progress of the avatar's download, 0–1, or null when none is under way. */
  readonly loading = signal<number | null>(null);
  /** The avatar has drawn its first picture. */
  readonly avatarVisible = signal(false);
  readonly captions = signal<readonly CaptionLine[]>([]);
  readonly problem = signal<Problem | null>(null);
  readonly notices = signal<readonly Notice[]>([]);
  readonly microphone = signal<MicrophoneState>({ status: "closed", label: null });
  readonly microphones = signal<readonly MicrophoneDevice[]>([]);
  /** Loudness of the microphone for the ring around its button, 0–1. */
  readonly micLevel = signal(0);
  readonly settings = signal<PageSettings>(INITIAL_SETTINGS);
  readonly program = signal<HelloResult | null>(null);
  readonly stack = signal<Readonly<Record<StackState["part"], StackState["state"] | null>>>({ stack: null, agent: null });
  /** Kiosk: whole seconds until the page goes back to the attract screen, once it is worth showing. */
  readonly idleCountdown = signal<number | null>(null);
  /** Which try to reconnect is under way; 0 = none. */
  readonly reconnectAttempt = signal(0);
  readonly diagnostics = signal<Diagnostics | null>(null);
  readonly systemDark = signal(false);
  readonly systemReducedMotion = signal(false);

  readonly state: ReadonlySignal<DisplayState> = computed(() => displayState(this.phase.value, this.activity.value));
  readonly kiosk: ReadonlySignal<boolean> = computed(() => this.program.value?.kiosk ?? false);
  readonly theme: ReadonlySignal<"day" | "night"> = computed(() => {
    const chosen = this.settings.value.theme;
    return chosen === "auto" ? (this.systemDark.value ? "night" : "day") : chosen;
  });
  readonly reducedMotion: ReadonlySignal<boolean> = computed(() => {
    const chosen = this.settings.value.reducedMotion;
    if (chosen !== "auto") return chosen === "on";
    return this.program.value?.reducedMotion ?? this.systemReducedMotion.value;
  });

  #nextNotice = 1;

  /** Move the state machine; what belongs to a phase that is left goes with it. */
  send(event: PhaseEvent): Phase {
    const next = nextPhase(this.phase.value, event);
    batch(() => {
      if (next !== "live") this.activity.value = "waiting";
      if (next !== "reconnecting") this.reconnectAttempt.value = 0;
      this.phase.value = next;
    });
    return next;
  }

  caption(update: CaptionUpdate): void {
    this.captions.value = updateCaptions(this.captions.value, update);
  }

  /** Show a short message for six seconds. */
  notify(text: string, tone: Notice["tone"] = "info"): void {
    if (this.notices.value.some((notice) => notice.text === text)) return;
    const id = this.#nextNotice++;
    this.notices.value = [...this.notices.value, { id, tone, text }].slice(-MAX_NOTICES);
    setTimeout(() => this.dismissNotice(id), NOTICE_MS);
  }

  dismissNotice(id: number): void {
    this.notices.value = this.notices.value.filter((notice) => notice.id !== id);
  }

  /** Take a problem away, but only if it is one of these: a newer one stays. */
  clearProblem(...codes: string[]): void {
    const shown = this.problem.value;
    if (shown && (codes.length === 0 || codes.includes(shown.code))) this.problem.value = null;
  }
}
