/** The call over LiveKit: owns the Room, plays remote audio, publishes the microphone, hands over motion. */
import {
  ConnectionState as RoomState,
  type DisconnectReason,
  type LocalTrackPublication,
  RemoteAudioTrack,
  type RemoteParticipant,
  type RemoteTrack,
  type RemoteTrackPublication,
  Room,
  RoomEvent,
  Track,
} from "livekit-client";
import { MOTION_TOPIC } from "./motion/codec";
import { connectError, disconnectReason, microphoneError } from "./livekit-errors";
import { livekitVersionWarning } from "./livekit-version";
import { readTransportStats } from "./transport-stats";
import {
  ConnectionState,
  type ProviderCallbacks,
  type RTCConnectionConfig,
  RTCError,
  type RTCProvider,
  type TransportStats,
} from "./types";

/** Devices and volume chosen before or during a call. */
interface Choices {
  volume: number;
  input: string | null;
  output: string | null;
}

/** Options of {@link LiveKitProvider}. */
export interface LiveKitProviderOptions {
  /** Makes the Room of a managed call. Default: one as this client needs it. */
  readonly createRoom?: () => Room;
}

const STATES: Readonly<Record<RoomState, ConnectionState>> = {
  [RoomState.Disconnected]: ConnectionState.disconnected,
  [RoomState.Connecting]: ConnectionState.connecting,
  [RoomState.Connected]: ConnectionState.connected,
  [RoomState.Reconnecting]: ConnectionState.reconnecting,
  [RoomState.SignalReconnecting]: ConnectionState.reconnecting,
};

function createRoom(): Room {
  return new Room({
    // Two peer connections, whatever the library's default is.
    singlePeerConnection: false,
    audioCaptureDefaults: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    stopLocalTrackOnUnpublish: true,
    disconnectOnPageLeave: true,
  });
}

/** LiveKit as the carrier of an avatar's call. */
export class LiveKitProvider implements RTCProvider<Room> {
  readonly name = "livekit";
  private room: Room | null = null;
  /** The Room is the host's: it connects, plays and disconnects by itself. */
  private hosted = false;
  private callbacks: ProviderCallbacks | null = null;
  private state = ConnectionState.disconnected;
  private published: LocalTrackPublication | null = null;
  /** What is published is our microphone, to be stopped with it. */
  private own = true;
  private prepared: { room: Room; url: string } | null = null;
  private readonly choices: Choices = { volume: 1, input: null, output: null };

  constructor(private readonly options: LiveKitProviderOptions = {}) {
    const warning = livekitVersionWarning();
    if (warning) console.warn(`[avatarkit-rtc] ${warning}`);
  }

  get connectionState(): ConnectionState {
    return this.state;
  }

  setCallbacks(callbacks: ProviderCallbacks | null): void {
    this.callbacks = callbacks;
  }

  /**
   * Joins the room.
   *
   * @throws RTCError - refused token, unreachable room, time-out
   */
  async connect(config: RTCConnectionConfig): Promise<void> {
    const room = this.prepared?.url === config.url ? this.prepared.room : this.newRoom();
    this.prepared = null;
    this.room = room;
    this.hosted = false;
    this.listen(room);
    this.setState(ConnectionState.connecting);
    try {
      await room.connect(config.url, config.token);
      if (this.choices.output !== null) await this.setOutputDevice(this.choices.output);
    } catch (cause) {
      this.forget(room);
      this.setState(ConnectionState.failed);
      throw connectError(cause, config.url);
    }
    this.setState(ConnectionState.connected);
    this.callbacks?.onAudioPlayback(room.canPlaybackAudio);
  }

  /** Leaves the room. */
  async disconnect(): Promise<void> {
    const { room } = this;
    if (!room || this.hosted) return;
    this.unlisten(room);
    await room.disconnect();
    this.forget(room);
    this.setState(ConnectionState.disconnected);
  }

  /** Resolves names and opens a connection to the server ahead of {@link connect}; joins nothing. */
  async prepareConnection(config: RTCConnectionConfig): Promise<void> {
    const room = this.newRoom();
    this.prepared = { room, url: config.url };
    await room.prepareConnection(config.url, config.token);
  }

  /** Listens to a Room that the host connects and plays. Call it before `room.connect()`. */
  attach(room: Room): void {
    if (this.room) throw new RTCError("internal", "Already connected. Please disconnect first.");
    this.room = room;
    this.hosted = true;
    this.listen(room);
    this.setState(STATES[room.state]);
    for (const participant of room.remoteParticipants.values()) this.adopt(participant);
  }

  /** Stops listening; the Room goes on. */
  detach(): void {
    if (this.room && this.hosted) this.forget(this.room);
    this.setState(ConnectionState.disconnected);
  }

  /**
   * Publishes the given track, or the microphone. Publishing what is published already does nothing.
   *
   * @throws RTCError - not connected; permission refused or no microphone
   */
  async publishAudioTrack(track?: MediaStreamTrack): Promise<void> {
    const room = this.connected();
    if (this.published) {
      if (!track || this.published.track?.mediaStreamTrack === track) return;
      await this.unpublishAudioTrack();
    }
    try {
      this.published = track
        ? await room.localParticipant.publishTrack(track, { source: Track.Source.Microphone, name: "microphone" })
        : ((await room.localParticipant.setMicrophoneEnabled(
            true,
            this.choices.input === null ? undefined : { deviceId: this.choices.input },
          )) ?? null);
    } catch (cause) {
      throw microphoneError(cause);
    }
    this.own = track === undefined;
  }

  /** Unpublishes. The microphone is released; a track that was handed in is not stopped. */
  async unpublishAudioTrack(): Promise<void> {
    const track = this.published?.track;
    this.published = null;
    if (!track || !this.room) return;
    await this.room.localParticipant.unpublishTrack(track.mediaStreamTrack, this.own);
  }

  /** Lets sound play; call it in a click when the browser blocked it. */
  async startAudio(): Promise<void> {
    await this.room?.startAudio();
  }

  /** Whether the browser lets sound play. */
  get canPlaybackAudio(): boolean {
    return this.room?.canPlaybackAudio ?? true;
  }

  /** Loudness of remote voices, 0..1. */
  setVolume(volume: number): void {
    this.choices.volume = Math.min(1, Math.max(0, volume));
    for (const track of this.remoteAudio()) track.setVolume(this.choices.volume);
  }

  getVolume(): number {
    return this.choices.volume;
  }

  /** Records with this microphone, now if one is published, else from the next time on. */
  async setInputDevice(deviceId: string): Promise<void> {
    this.choices.input = deviceId;
    if (this.room && this.state === ConnectionState.connected) {
      await this.room.switchActiveDevice("audioinput", deviceId);
    }
  }

  /** Plays remote voices on this device, now and in later calls. */
  async setOutputDevice(deviceId: string): Promise<void> {
    this.choices.output = deviceId;
    await this.room?.switchActiveDevice("audiooutput", deviceId);
  }

  /** The Room, from connect() or attach() on. */
  getNativeClient(): Room | null {
    return this.room;
  }

  async getTransportStats(): Promise<TransportStats | null> {
    const receiver = this.remoteAudio().find((track) => track.receiver)?.receiver;
    return receiver ? readTransportStats(receiver) : null;
  }

  private connected(): Room {
    if (!this.room || this.state === ConnectionState.disconnected || this.state === ConnectionState.failed) {
      throw new RTCError("internal", "Not connected. Please call connect() first.");
    }
    return this.room;
  }

  private newRoom(): Room {
    return (this.options.createRoom ?? createRoom)();
  }

  private remoteAudio(): RemoteAudioTrack[] {
    const tracks: RemoteAudioTrack[] = [];
    for (const participant of this.room?.remoteParticipants.values() ?? []) {
      for (const publication of participant.audioTrackPublications.values()) {
        if (publication.track instanceof RemoteAudioTrack) tracks.push(publication.track);
      }
    }
    return tracks;
  }

  private setState(state: ConnectionState): void {
    if (state === this.state) return;
    this.state = state;
    this.callbacks?.onConnectionState(state);
  }

  private listen(room: Room): void {
    room
      .on(RoomEvent.ConnectionStateChanged, this.onState)
      .on(RoomEvent.Disconnected, this.onDisconnected)
      .on(RoomEvent.DataReceived, this.onData)
      .on(RoomEvent.TrackPublished, this.onPublished)
      .on(RoomEvent.TrackSubscribed, this.onSubscribed)
      .on(RoomEvent.TrackUnsubscribed, this.onUnsubscribed)
      .on(RoomEvent.ParticipantDisconnected, this.onLeft)
      .on(RoomEvent.LocalTrackUnpublished, this.onLocalUnpublished)
      .on(RoomEvent.MediaDevicesError, this.onDeviceError)
      .on(RoomEvent.AudioPlaybackStatusChanged, this.onPlayback);
  }

  /** Takes our handlers off a Room, so that a shared Room keeps nothing of us. */
  private forget(room: Room): void {
    this.unlisten(room);
    for (const participant of room.remoteParticipants.values()) this.callbacks?.onVoice(participant.identity, null);
    this.published = null;
    if (this.room === room) this.room = null;
  }

  private unlisten(room: Room): void {
    room
      .off(RoomEvent.ConnectionStateChanged, this.onState)
      .off(RoomEvent.Disconnected, this.onDisconnected)
      .off(RoomEvent.DataReceived, this.onData)
      .off(RoomEvent.TrackPublished, this.onPublished)
      .off(RoomEvent.TrackSubscribed, this.onSubscribed)
      .off(RoomEvent.TrackUnsubscribed, this.onUnsubscribed)
      .off(RoomEvent.ParticipantDisconnected, this.onLeft)
      .off(RoomEvent.LocalTrackUnpublished, this.onLocalUnpublished)
      .off(RoomEvent.MediaDevicesError, this.onDeviceError)
      .off(RoomEvent.AudioPlaybackStatusChanged, this.onPlayback);
  }

  private adopt(participant: RemoteParticipant): void {
    for (const publication of participant.trackPublications.values()) {
      this.onPublished(publication);
      if (publication.track) this.onSubscribed(publication.track, publication, participant);
    }
  }

  private readonly onState = (state: RoomState): void => {
    // Connected is told by connect() itself, when the call is ready to be used; so is the end.
    if (state === RoomState.Reconnecting || state === RoomState.SignalReconnecting || this.hosted) {
      this.setState(STATES[state]);
    } else if (state === RoomState.Connected && this.state === ConnectionState.reconnecting) {
      this.setState(ConnectionState.connected);
    }
  };

  private readonly onDisconnected = (reason?: DisconnectReason): void => {
    // Before the call stood, connect() rejects; that is told there.
    if (this.state === ConnectionState.connecting) return;
    const { room, hosted } = this;
    if (room && !hosted) this.forget(room);
    this.setState(ConnectionState.disconnected);
    this.callbacks?.onDisconnected(disconnectReason(reason));
  };

  private readonly onData = (payload: Uint8Array, from?: RemoteParticipant, _kind?: unknown, topic?: string): void => {
    if (topic === MOTION_TOPIC && from) this.callbacks?.onMotion(from.identity, payload);
  };

  /** The avatar's picture is drawn here: its video track is black, and only costs. */
  private readonly onPublished = (publication: RemoteTrackPublication): void => {
    if (!this.hosted && publication.kind === Track.Kind.Video) publication.setSubscribed(false);
  };

  private readonly onSubscribed = (track: RemoteTrack, _: RemoteTrackPublication, from: RemoteParticipant): void => {
    if (!(track instanceof RemoteAudioTrack)) return;
    if (!this.hosted) {
      // The element, not an AudioContext: it is heard 33 ms to 125 ms earlier, and echo cancellation knows it.
      track.attach();
      track.setVolume(this.choices.volume);
    }
    const { receiver, mediaStreamTrack } = track;
    if (receiver) this.callbacks?.onVoice(from.identity, { receiver, track: mediaStreamTrack });
  };

  private readonly onUnsubscribed = (track: RemoteTrack, _: RemoteTrackPublication, from: RemoteParticipant): void => {
    if (!(track instanceof RemoteAudioTrack)) return;
    if (!this.hosted) for (const element of track.detach()) element.remove();
    this.callbacks?.onVoice(from.identity, null);
  };

  private readonly onLeft = (participant: RemoteParticipant): void => {
    this.callbacks?.onParticipantLeft(participant.identity);
  };

  private readonly onLocalUnpublished = (publication: LocalTrackPublication): void => {
    if (publication === this.published) this.published = null;
  };

  private readonly onDeviceError = (error: Error): void => {
    this.callbacks?.onError(microphoneError(error));
  };

  private readonly onPlayback = (): void => {
    this.callbacks?.onAudioPlayback(this.canPlaybackAudio);
  };
}
