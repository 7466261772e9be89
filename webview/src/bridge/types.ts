/**
 * The bridge to the program, typed after docs/protocols/bridge.md (version 1).
 */
import type { ErrorBody } from "./error";

export const BRIDGE_VERSION = 1;

export type ThemeSetting = "auto" | "day" | "night";
export type MotionSetting = "auto" | "on" | "off";
export type RuntimeSetting = "auto" | "open" | "vendor";

/** What the page sees of the program's settings. */
export interface PageSettings {
  readonly captions: boolean;
  readonly microphone: string | null;
  readonly theme: ThemeSetting;
  readonly character: string;
  /** Milliseconds the picture is shown later (+) or earlier (−) than measured; for loudspeakers with their own delay. */
  readonly avOffsetMs: number;
  /** Loudness of the avatar's voice, 0–1. */
  readonly volume: number;
  readonly avatarRuntime: RuntimeSetting;
  readonly reducedMotion: MotionSetting;
  /** Kiosk: seconds without a conversation before the page goes back to its attract screen; 0 = never. */
  readonly idleResetSeconds: number;
  /** The user's own GLB or VRM, or null. */
  readonly assetUrl: string | null;
}

/** The settings a page may change. */
export type WritableSetting = "captions" | "microphone" | "theme" | "character" | "avOffsetMs" | "volume" | "reducedMotion";

export interface HelloResult {
  readonly bridge: number;
  readonly version: string;
  readonly platform: string;
  readonly kiosk: boolean;
  readonly reducedMotion: boolean | null;
  readonly settings: PageSettings;
  /** True where there is no GPU: pictures are drawn by the CPU. */
  readonly software: boolean;
  readonly demo: boolean;
}

export interface ConnectionInfo {
  readonly url: string;
  readonly token: string;
  readonly roomName: string;
  readonly identity: string;
  readonly appId: string;
  readonly avatarId: string;
}

export interface MicrophoneReport {
  readonly devices: readonly { readonly id: string; readonly label: string }[];
  readonly selected: string | null;
  readonly permission: "granted" | "denied" | "none";
}

export interface PageStatus {
  readonly state: string;
  readonly room: string;
  readonly avatar: string;
  readonly agent: string;
  readonly mic: string;
  readonly lastHeard: string;
  readonly lastSaid: string;
  /** Pictures drawn since the page began. */
  readonly frames: number;
  readonly captions: number;
  readonly turns: number;
  /** How far the mouth on the screen is open (jawOpen, 0–1); null where the runtime does not say. */
  readonly mouth: number | null;
  /** The microphone hears a voice now. */
  readonly hearing: boolean;
  readonly problem: string | null;
  readonly hidden: boolean;
}

/** One finished turn; times are epoch milliseconds, null where there was nothing to measure. */
export interface TurnReport {
  readonly index: number;
  /** What the reply answers: speech, typed text, or nothing (a greeting, an announcement). */
  readonly kind: "voice" | "typed" | "unprompted";
  readonly heard: string;
  readonly said: string;
  readonly user_end: number | null;
  readonly first_audio: number | null;
  readonly first_motion: number | null;
  readonly user_end_to_first_audio_ms: number | null;
  readonly user_end_to_first_motion_ms: number | null;
  readonly interrupted: boolean;
  /** From the user's first loud frame over the avatar's voice to its silence. */
  readonly interrupt_to_silence_ms: number | null;
}

export interface MarkReport {
  readonly name: string;
  readonly at: number;
}

export interface LogReport {
  readonly level: "debug" | "info" | "warning" | "error";
  readonly message: string;
  readonly context: Readonly<Record<string, unknown>>;
}

type Nothing = Record<string, never>;

export interface Methods {
  "hello": { params: { bridge: number; page: string }; result: HelloResult };
  "connection.get": { params: Nothing; result: ConnectionInfo };
  "microphones.report": { params: MicrophoneReport; result: { preferred: string | null } };
  "settings.set": {
    params: { key: WritableSetting; value: string | number | boolean | null };
    result: { settings: PageSettings };
  };
  "page.status": { params: PageStatus; result: Nothing };
  "page.turn": { params: TurnReport; result: Nothing };
  "page.mark": { params: MarkReport; result: Nothing };
  "log": { params: LogReport; result: Nothing };
  "diagnostics": { params: Readonly<Record<string, unknown>>; result: Nothing };
  "app.retry": { params: { part: "stack" | "agent" }; result: Nothing };
  "app.quit": { params: Nothing; result: Nothing };
}

export interface StackState {
  readonly part: "stack" | "agent";
  readonly state: "starting" | "ready" | "down" | "restarting" | "off";
  readonly reason?: ErrorBody;
}

export interface Events {
  "stack.state": StackState;
  "connection.changed": Nothing;
  "microphone.select": { label: string | null };
  "settings.changed": { settings: PageSettings };
  "conversation.reset": Nothing;
  "error": ErrorBody;
  "shutdown": Nothing;
}

export type MethodName = keyof Methods;
export type EventName = keyof Events;

/** The program as the page sees it: in Qt over QWebChannel, in a plain browser a stand-alone implementation. */
export interface Bridge {
  readonly kind: "qt" | "browser";
  /**
   * Call a method of the program.
   * @throws BridgeError — the program's own error, `timeout` past the deadline, or `bridge_closed`.
   */
  call<M extends MethodName>(method: M, params: Methods[M]["params"]): Promise<Methods[M]["result"]>;
  /** Listen to an event; returns the function that stops listening. */
  on<E extends EventName>(event: E, handler: (data: Events[E]) => void): () => void;
  close(): void;
}
