/** A Room of livekit-client without a network, for tests: only what the provider touches. */
import { ConnectionState, RemoteAudioTrack, type Room, RoomEvent, Track } from "livekit-client";

/** Records calls in `log`; remote participants and tracks are made by the test. */
export class FakeRoom {
  private readonly handlers = new Map<string, Set<(...args: unknown[]) => void>>();
  state = ConnectionState.Disconnected;
  readonly log: string[] = [];
  readonly remoteParticipants = new Map<string, FakeParticipant>();
  canPlaybackAudio = true;
  failure: Error | null = null;
  readonly localParticipant = {
    publishTrack: (track: MediaStreamTrack) => this.publish("publishTrack", track),
    setMicrophoneEnabled: (_: boolean, options?: { deviceId?: string }) =>
      this.publish(`microphone ${options?.deviceId ?? "default"}`, { kind: "audio" } as MediaStreamTrack),
    unpublishTrack: (_: MediaStreamTrack, stop: boolean) => {
      this.log.push(`unpublish ${stop ? "and stop" : "only"}`);
      return Promise.resolve(undefined);
    },
  };

  /** This double where a Room is wanted. */
  get asRoom(): Room {
    return this as unknown as Room;
  }

  on(event: string, handler: (...args: unknown[]) => void): this {
    this.handlers.set(event, (this.handlers.get(event) ?? new Set()).add(handler));
    return this;
  }

  off(event: string, handler: (...args: unknown[]) => void): this {
    const handlers = this.handlers.get(event);
    handlers?.delete(handler);
    if (handlers?.size === 0) this.handlers.delete(event);
    return this;
  }

  emit(event: string, ...args: unknown[]): void {
    for (const handler of [...(this.handlers.get(event) ?? [])]) handler(...args);
  }

  /** Events somebody listens to. */
  eventNames(): string[] {
    return [...this.handlers.keys()];
  }

  connect(url: string, token: string): Promise<void> {
    this.log.push(`connect ${url} ${token}`);
    this.become(ConnectionState.Connecting);
    if (this.failure) {
      this.become(ConnectionState.Disconnected);
      return Promise.reject(this.failure);
    }
    this.become(ConnectionState.Connected);
    return Promise.resolve();
  }

  disconnect(): Promise<void> {
    this.log.push("disconnect");
    this.become(ConnectionState.Disconnected);
    this.emit(RoomEvent.Disconnected, 1);
    return Promise.resolve();
  }

  prepareConnection(url: string): Promise<void> {
    this.log.push(`prepare ${url}`);
    return Promise.resolve();
  }

  startAudio(): Promise<void> {
    this.log.push("startAudio");
    return Promise.resolve();
  }

  switchActiveDevice(kind: string, deviceId: string): Promise<boolean> {
    this.log.push(`${kind} ${deviceId}`);
    return Promise.resolve(true);
  }

  become(state: ConnectionState): void {
    this.state = state;
    this.emit(RoomEvent.ConnectionStateChanged, state);
  }

  private publish(what: string, mediaStreamTrack: MediaStreamTrack): Promise<object> {
    if (this.failure) return Promise.reject(this.failure);
    this.log.push(what);
    return Promise.resolve({ track: { mediaStreamTrack } });
  }
}

/** A remote participant. */
export class FakeParticipant {
  readonly trackPublications = new Map<string, FakePublication>();

  constructor(readonly identity: string) {}

  get audioTrackPublications(): Map<string, FakePublication> {
    return this.trackPublications;
  }
}

/** A published track. */
export class FakePublication {
  subscribed = true;

  constructor(
    readonly kind: Track.Kind,
    readonly track: RemoteAudioTrack | undefined,
  ) {}

  setSubscribed(subscribed: boolean): void {
    this.subscribed = subscribed;
  }
}

/** A voice that arrives: livekit-client's own track class, over a receiver that receives nothing and a fake element. */
export function fakeVoiceTrack(id: string): RemoteAudioTrack {
  const media = Object.assign(new EventTarget(), { id, kind: "audio", enabled: true, readyState: "live", muted: false });
  const receiver = { getStats: () => Promise.resolve(new Map()), getSynchronizationSources: () => [] };
  const track = new RemoteAudioTrack(media as unknown as MediaStreamTrack, id, receiver as unknown as RTCRtpReceiver);
  return Object.assign(track, {
    attach: () => {
      const element = document.createElement("audio");
      track.attachedElements.push(element);
      return element;
    },
    detach: () => track.attachedElements.splice(0),
  });
}
