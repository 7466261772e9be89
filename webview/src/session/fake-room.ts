/** A Room, a player and a stage for tests of the session: nothing is sent anywhere. */
import type { Room, TextStreamReader } from "livekit-client";

import type { ConnectConfig, PlayerEvents, Player, PlayerMeasurements, Stage, StageLook } from "./player";

type Listener = (...args: never[]) => void;

export class FakeEmitter {
  readonly listeners = new Map<string, Set<Listener>>();

  on(event: string, listener: Listener): this {
    const set = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, set.add(listener));
    return this;
  }

  off(event: string, listener: Listener): this {
    this.listeners.get(event)?.delete(listener);
    return this;
  }

  raise(event: string, ...args: unknown[]): void {
    for (const listener of [...(this.listeners.get(event) ?? [])]) listener(...(args as never[]));
  }
}

export interface FakeParticipant {
  readonly identity: string;
  readonly isAgent: boolean;
  attributes: Record<string, string>;
}

type StreamHandler = (reader: TextStreamReader, from: { identity: string }) => void;

export class FakeRoom extends FakeEmitter {
  state = "connected";
  canPlaybackAudio = true;
  readonly remoteParticipants = new Map<string, FakeParticipant>();
  readonly chats: string[] = [];
  readonly switched: string[] = [];
  readonly handlers = new Map<string, StreamHandler>();
  microphone: { label: string; readyState: string } | null = null;
  micEnabled: boolean | null = null;
  readonly options: { audioCaptureDefaults?: object } = {};
  /** Labels of the devices, so that switching changes the track. */
  labels = new Map<string, string>();

  readonly localParticipant = {
    identity: "visitor",
    audioTrackPublications: {
      values: () => (this.microphone === null ? [] : [{ track: { mediaStreamTrack: this.microphone } }]),
    },
    sendText: (text: string, { topic }: { topic: string }): Promise<void> => {
      this.chats.push(`${topic}: ${text}`);
      return Promise.resolve();
    },
    setMicrophoneEnabled: (enabled: boolean): Promise<void> => {
      this.micEnabled = enabled;
      return Promise.resolve();
    },
  };

  registerTextStreamHandler(topic: string, handler: StreamHandler): void {
    this.handlers.set(topic, handler);
  }

  unregisterTextStreamHandler(topic: string): void {
    this.handlers.delete(topic);
  }

  switchActiveDevice(_kind: string, id: string): Promise<boolean> {
    this.switched.push(id);
    if (this.microphone !== null) this.microphone = { label: this.labels.get(id) ?? id, readyState: "live" };
    return Promise.resolve(true);
  }

  startAudio(): Promise<void> {
    this.canPlaybackAudio = true;
    this.raise("audioPlaybackChanged");
    return Promise.resolve();
  }

  join(identity: string, attributes: Record<string, string> = {}, isAgent = false): FakeParticipant {
    const participant = { identity, attributes, isAgent };
    this.remoteParticipants.set(identity, participant);
    this.raise("participantConnected", participant);
    return participant;
  }

  leave(identity: string): void {
    const participant = this.remoteParticipants.get(identity);
    this.remoteParticipants.delete(identity);
    this.raise("participantDisconnected", participant);
  }

  change(participant: FakeParticipant, attributes: Record<string, string>): void {
    participant.attributes = { ...participant.attributes, ...attributes };
    this.raise("participantAttributesChanged", attributes, participant);
  }

  /** A text stream arrives, chunk by chunk; the attributes of the trailer are there when it ends. */
  stream(from: string, chunks: readonly string[], attributes: Record<string, string>, trailer: Record<string, string> = {}): void {
    const info = { id: `stream-${Math.random()}`, attributes };
    const reader = {
      info,
      async *[Symbol.asyncIterator](): AsyncGenerator<string> {
        for (const chunk of chunks) {
          await Promise.resolve();
          yield chunk;
        }
        info.attributes = { ...attributes, ...trailer };
      },
    };
    this.handlers.get("lk.transcription")?.(reader as unknown as TextStreamReader, { identity: from });
  }

  asRoom(): Room {
    return this as unknown as Room;
  }
}

export class FakePlayer implements Player {
  readonly #emitter = new FakeEmitter();
  room: FakeRoom | null = null;
  readonly connects: ConnectConfig[] = [];
  /** What the next tries to connect throw; undefined = the try succeeds. */
  failures: (Error | undefined)[] = [];
  /** What the next tries to publish throw. */
  publishFailures: (Error | undefined)[] = [];
  publishes = 0;
  disconnects = 0;
  avOffset = 0;
  volume = 1;
  measured: PlayerMeasurements | null = null;
  /** Room of the next connection. */
  nextRoom = (): FakeRoom => new FakeRoom();

  connect(config: ConnectConfig): Promise<void> {
    this.connects.push(config);
    const failure = this.failures.shift();
    if (failure) return Promise.reject(failure);
    this.room = this.nextRoom();
    this.emit("connection-state-changed", "connecting");
    this.emit("connection-state-changed", "connected");
    return Promise.resolve();
  }

  disconnect(): Promise<void> {
    if (this.room !== null) this.disconnects += 1;
    this.room = null;
    return Promise.resolve();
  }

  /** The connection is lost without our doing. */
  lose(reason?: string): void {
    this.room = null;
    this.emit("disconnected", reason);
  }

  startPublishing(): Promise<void> {
    const failure = this.publishFailures.shift();
    if (failure) return Promise.reject(failure);
    this.publishes += 1;
    if (this.room) this.room.microphone ??= { label: "Desk microphone", readyState: "live" };
    return Promise.resolve();
  }

  stopPublishing(): Promise<void> {
    return Promise.resolve();
  }

  getNativeClient(): Room | null {
    return this.room?.asRoom() ?? null;
  }

  setAvOffset(ms: number): void {
    this.avOffset = ms;
  }

  setVolume(volume: number): void {
    this.volume = volume;
  }

  measurements(): PlayerMeasurements | null {
    return this.measured;
  }

  emit<E extends keyof PlayerEvents>(event: E, ...args: PlayerEvents[E]): void {
    this.#emitter.raise(event, ...args);
  }

  on<E extends keyof PlayerEvents>(event: E, handler: (...args: PlayerEvents[E]) => void): void {
    this.#emitter.on(event, handler as Listener);
  }

  off<E extends keyof PlayerEvents>(event: E, handler: (...args: PlayerEvents[E]) => void): void {
    this.#emitter.off(event, handler as Listener);
  }
}

export class FakeStage implements Stage {
  readonly player = new FakePlayer();
  readonly looks: StageLook[] = [];
  disposed = false;

  show(look: StageLook): void {
    this.looks.push(look);
  }

  stats(): { fps: number; frameMs: number; width: number; height: number } {
    return { fps: 60, frameMs: 4, width: 1280, height: 800 };
  }

  mouth(): number {
    return 0.25;
  }

  dispose(): void {
    this.disposed = true;
  }
}
