/**
 * Which microphones there are and which one is used. Devices are remembered and matched by label, because ids change;
 * the list is polled, because `devicechange` is not to be relied on.
 */
import type { Room } from "livekit-client";

import type { Bridge } from "../bridge";
import type { MicrophoneTap } from "../telemetry/microphone-tap";
import { micFailure, micProblem } from "./problems";
import type { Player } from "./player";
import { microphoneTrack } from "./room-watch";
import type { MicrophoneDevice, SessionStore } from "./store";

const POLL_MS = 2500;

/** A demo's microphone is a recording: cleaning it up as if it came from a room would only damage it. */
const AS_RECORDED = { echoCancellation: false, noiseSuppression: false, autoGainControl: false } as const;

/** The part of navigator.mediaDevices that is used. */
export type DeviceList = Pick<MediaDevices, "enumerateDevices">;

export class Microphones {
  readonly #store: SessionStore;
  readonly #bridge: Bridge;
  readonly #tap: MicrophoneTap;
  readonly #list: DeviceList | null;
  #poll: ReturnType<typeof setInterval> | undefined;
  #call: { readonly room: Room; readonly player: Player } | null = null;
  #busy = false;
  #reported = "";
  /** A microphone the user muted stays muted over a reconnect. */
  #muted = false;
  /** Every label that was ever listed, aliases included: only what was there can be unplugged. */
  readonly #seen = new Set<string>();

  /** @param list navigator.mediaDevices, or null where the page has none (not a secure context) */
  constructor(store: SessionStore, bridge: Bridge, tap: MicrophoneTap, list: DeviceList | null) {
    this.#store = store;
    this.#bridge = bridge;
    this.#tap = tap;
    this.#list = list;
  }

  start(): void {
    void this.refresh();
    this.#poll = setInterval(() => void this.refresh(), POLL_MS);
  }

  stop(): void {
    clearInterval(this.#poll);
    this.#tap.attach(null);
  }

  /** Publish the microphone into a call that has just connected. Never rejects: without one, typed chat works. */
  async open(room: Room, player: Player): Promise<void> {
    this.#call = { room, player };
    await this.#publish();
  }

  /** The call is over: let go of the microphone's state. */
  closed(): void {
    this.#call = null;
    this.#tap.attach(null);
    this.#store.microphone.value = { status: "closed", label: null };
  }

  /** Mute or unmute; opens the microphone when it could not be opened before. */
  async setMuted(muted: boolean): Promise<void> {
    this.#muted = muted;
    const { status, label } = this.#store.microphone.value;
    if (this.#call === null) return;
    if (status !== "open" && status !== "muted") {
      if (!muted) await this.#publish();
      return;
    }
    await this.#call.room.localParticipant.setMicrophoneEnabled(!muted);
    this.#store.microphone.value = { status: muted ? "muted" : "open", label };
  }

  /** A conversation with somebody new begins: nothing of the last one's mute is kept. */
  forget(): void {
    this.#muted = false;
  }

  /** Use the microphone of this label from now on; null = the system's choice. */
  async select(label: string | null): Promise<void> {
    const device = this.#store.microphones.value.find((one) => one.label === label);
    if (this.#call === null || (label !== null && device === undefined)) return;
    await this.#switchTo(device ?? { id: "default", label: "" });
  }

  /** Read the list of devices and act on what changed. */
  async refresh(): Promise<void> {
    if (this.#list === null || this.#busy) return;
    this.#busy = true;
    try {
      const found = await this.#list.enumerateDevices();
      const devices = microphonesOf(found);
      const before = this.#store.microphones.value;
      if (!sameDevices(before, devices)) this.#store.microphones.value = devices;
      const labels = found.filter(({ kind, label }) => kind === "audioinput" && label !== "").map(({ label }) => label);
      for (const label of labels) this.#seen.add(label);
      await this.#follow(devices, labels);
      await this.#report(devices);
    } catch (error) {
      console.warn("the list of microphones cannot be read", error);
    } finally {
      this.#busy = false;
    }
  }

  async #publish(): Promise<void> {
    if (this.#call === null) return;
    const { room, player } = this.#call;
    this.#store.microphone.value = { status: "opening", label: null };
    try {
      const preferred = this.#preferred(this.#store.microphones.value);
      if (this.#store.program.value?.demo === true) room.options.audioCaptureDefaults = AS_RECORDED;
      if (preferred) await room.switchActiveDevice("audioinput", preferred.id);
      await player.startPublishing();
      if (!this.#inRoom(room)) return;
      if (this.#muted) await room.localParticipant.setMicrophoneEnabled(false);
      this.#store.clearProblem("microphone_denied", "microphone_missing", "microphone_busy");
      this.#adopt(room);
      await this.refresh();
    } catch (error) {
      if (!this.#inRoom(room)) return;
      const failure = this.#list === null ? "denied" : micFailure(error);
      console.warn("the microphone could not be opened", error);
      this.#store.microphone.value = { status: failure, label: null };
      this.#store.problem.value ??= micProblem(failure, error);
      await this.refresh();
    }
  }

  /** False once the call that a wait began in is over. */
  #inRoom(room: Room): boolean {
    return this.#call?.room === room;
  }

  #adopt(room: Room): void {
    const track = microphoneTrack(room);
    this.#tap.attach(track);
    this.#store.microphone.value = { status: this.#muted ? "muted" : "open", label: track?.label ?? null };
  }

  /** Keep to the preferred device as devices come and go, and say so. */
  async #follow(devices: readonly MicrophoneDevice[], labels: readonly string[]): Promise<void> {
    if (this.#call === null) return;
    const { status, label } = this.#store.microphone.value;
    if (status === "missing" && devices.length > 0) {
      this.#store.notify("A microphone was plugged in.");
      await this.#publish();
      return;
    }
    if (status !== "open" && status !== "muted") return;
    const track = microphoneTrack(this.#call.room);
    // livekit-client restarts the track by itself in some cases: the tap must follow.
    this.#tap.attach(track);
    const unplugged = label !== null && this.#seen.has(label) && !labels.includes(label);
    if (unplugged || track === null || track.readyState === "ended") await this.#replace(devices, label);
    else await this.#prefer(devices, label);
  }

  /** The microphone in use has gone: take the next best one. */
  async #replace(devices: readonly MicrophoneDevice[], label: string | null): Promise<void> {
    const next = this.#preferred(devices) ?? devices[0];
    if (next === undefined) {
      this.#tap.attach(null);
      this.#store.microphone.value = { status: "missing", label: null };
      this.#store.problem.value ??= micProblem("missing");
      return;
    }
    await this.#switchTo(next);
    if (this.#call !== null && microphoneTrack(this.#call.room) === null) await this.#publish();
    const gone = label ?? "The microphone";
    this.#store.notify(`${gone} was unplugged.${next.label === "" ? "" : ` Now using ${next.label}.`}`, "warning");
  }

  /** The preferred microphone is there (again): use it. */
  async #prefer(devices: readonly MicrophoneDevice[], label: string | null): Promise<void> {
    const preferred = this.#preferred(devices);
    if (!preferred || label === null || sameLabel(preferred.label, label)) return;
    await this.#switchTo(preferred);
    this.#store.notify(`Now using ${preferred.label}.`);
  }

  async #switchTo(device: MicrophoneDevice): Promise<void> {
    if (this.#call === null) return;
    const { room } = this.#call;
    try {
      await room.switchActiveDevice("audioinput", device.id);
      this.#adopt(room);
    } catch (error) {
      console.warn(`the microphone ${device.label} could not be used`, error);
      this.#store.notify(`${device.label || "The microphone"} could not be used.`, "warning");
    }
  }

  #preferred(devices: readonly MicrophoneDevice[]): MicrophoneDevice | undefined {
    const wanted = this.#store.settings.value.microphone;
    return wanted === null ? undefined : devices.find((device) => sameLabel(device.label, wanted));
  }

  async #report(devices: readonly MicrophoneDevice[]): Promise<void> {
    const { status, label } = this.#store.microphone.value;
    const selected = devices.find((device) => label !== null && sameLabel(device.label, label))?.id ?? null;
    const labelled = devices.some((device) => device.label !== "");
    const permission = status === "denied" ? "denied" : labelled ? "granted" : "none";
    const report = { devices, selected, permission } as const;
    const text = JSON.stringify(report);
    if (text === this.#reported) return;
    this.#reported = text;
    await this.#bridge.call("microphones.report", report);
  }
}

/** The real microphones of a device list: without the aliases Chromium adds, and without blank placeholders' doubles. */
export function microphonesOf(devices: readonly MediaDeviceInfo[]): readonly MicrophoneDevice[] {
  const inputs = devices.filter((device) => device.kind === "audioinput");
  const real = inputs.filter((device) => device.deviceId !== "default" && device.deviceId !== "communications");
  return (real.length > 0 ? real : inputs).map((device) => ({ id: device.deviceId, label: device.label }));
}

/** Chromium labels the track of its default alias "Default - <label>" in some languages, and bare in Qt. */
function sameLabel(a: string, b: string): boolean {
  return a === b || a.endsWith(` - ${b}`) || b.endsWith(` - ${a}`);
}

function sameDevices(a: readonly MicrophoneDevice[], b: readonly MicrophoneDevice[]): boolean {
  return a.length === b.length && a.every((device, index) => device.id === b[index]?.id && device.label === b[index].label);
}
