/** A provider without a call, for tests: it does what it is told and remembers it. */
import {
  ConnectionState,
  type ProviderCallbacks,
  type RTCConnectionConfig,
  type RTCProvider,
  type TransportStats,
} from "./types";

/** Records calls in `log`; motion, voices and the end of the call are made by the test. */
export class FakeProvider implements RTCProvider<object> {
  readonly name = "fake";
  connectionState = ConnectionState.disconnected;
  readonly log: string[] = [];
  callbacks: ProviderCallbacks | null = null;
  /** Makes the next connect() fail. */
  failure: Error | null = null;

  setCallbacks(callbacks: ProviderCallbacks | null): void {
    this.callbacks = callbacks;
  }

  connect(config: RTCConnectionConfig): Promise<void> {
    this.log.push(`connect ${config.token}`);
    this.become(ConnectionState.connecting);
    if (this.failure) {
      this.become(ConnectionState.failed);
      return Promise.reject(this.failure);
    }
    this.become(ConnectionState.connected);
    return Promise.resolve();
  }

  disconnect(): Promise<void> {
    this.log.push("disconnect");
    this.become(ConnectionState.disconnected);
    return Promise.resolve();
  }

  prepareConnection(config: RTCConnectionConfig): Promise<void> {
    this.log.push(`prepare ${config.url}`);
    return Promise.resolve();
  }

  attach(): void {
    this.log.push("attach");
  }

  detach(): void {
    this.log.push("detach");
  }

  publishAudioTrack(track?: MediaStreamTrack): Promise<void> {
    this.log.push(track ? "publish track" : "publish microphone");
    return Promise.resolve();
  }

  unpublishAudioTrack(): Promise<void> {
    this.log.push("unpublish");
    return Promise.resolve();
  }

  startAudio(): Promise<void> {
    this.log.push("startAudio");
    return Promise.resolve();
  }

  getNativeClient(): object | null {
    return this.connectionState === ConnectionState.connected ? this : null;
  }

  getTransportStats(): Promise<TransportStats | null> {
    return Promise.resolve(null);
  }

  /** The call breaks. */
  drop(reason: string): void {
    this.become(ConnectionState.disconnected);
    this.callbacks?.onDisconnected(reason);
  }

  private become(state: ConnectionState): void {
    this.connectionState = state;
    this.callbacks?.onConnectionState(state);
  }
}
