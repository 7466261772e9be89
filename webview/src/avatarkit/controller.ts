/** The controller of a view. In RTC Mode it mostly says no: voice and motion come with the call. */
import { AvatarError, AvatarErrorCode } from "./errors";
import { drivingServiceMode } from "./sdk";
import { type AudioFormat, ConnectionState, ConversationState } from "./types";

/** AvatarKit's controller surface. */
export class AvatarController {
  /** Called when the avatar begins to speak, is held, or falls idle; at the start of the transition. */
  onConversationState: ((state: ConversationState) => void) | null = null;
  /** Never called in RTC Mode: the connection is the player's. */
  onConnectionState: ((state: ConnectionState) => void) | null = null;
  /** Called with errors of drawing. */
  onError: ((error: AvatarError) => void) | null = null;
  private conversation = ConversationState.idle;

  /** Always `disconnected` in RTC Mode; ask the player. */
  get connectionState(): ConnectionState {
    return ConnectionState.disconnected;
  }

  get conversationState(): ConversationState {
    return this.conversation;
  }

  /** @internal Told by whoever drives the view. */
  setConversationState(state: ConversationState): void {
    if (state === this.conversation) return;
    this.conversation = state;
    this.onConversationState?.(state);
  }

  /** Not for RTC Mode: the voice is a WebRTC track, so that the browser's echo canceller knows it. */
  readonly initializeAudioContext: () => Promise<never> = () =>
    this.refuse("initializeAudioContext", "the voice is a WebRTC track and needs no audio context");

  /** Not for RTC Mode: `AvatarPlayer.connect()` begins the conversation. */
  readonly start: () => Promise<never> = () => this.refuse("start", "AvatarPlayer.connect() begins the conversation");

  /** Not for RTC Mode: publish the microphone, or let the server speak. */
  readonly send: (audio: ArrayBuffer, end: boolean) => never = () => {
    throw this.refusal("send", "audio goes to the room with AvatarPlayer.startPublishing() or publishAudio()");
  };

  /** Not for RTC Mode: `AvatarPlayer.disconnect()` ends the conversation. */
  readonly close: () => never = () => {
    throw this.refusal("close", "AvatarPlayer.disconnect() ends the conversation");
  };

  /** Not for RTC Mode: audio comes from the room. */
  readonly yieldAudioData: (audio: ArrayBuffer, end: boolean) => never = () => {
    throw this.refusal("yieldAudioData", "audio comes from the room");
  };

  /** Not for RTC Mode: motion comes from the room. */
  readonly yieldFramesData: (frames: readonly ArrayBuffer[], conversationId: string) => never = () => {
    throw this.refusal("yieldFramesData", "motion comes from the room");
  };

  /** Not for RTC Mode: pausing is the agent's or the server's doing. */
  readonly pause: () => never = () => {
    throw this.refusal("pause", "pausing is done by the agent or the server");
  };

  /** Not for RTC Mode, see {@link pause}. */
  readonly resume: () => Promise<never> = () => this.refuse("resume", "resuming is done by the agent or the server");

  /** Not for RTC Mode: interrupting is the agent's or the server's doing. */
  readonly interrupt: () => never = () => {
    throw this.refusal("interrupt", "interrupting is done by the agent or the server");
  };

  /** Not for RTC Mode: nothing is held here that could be cleared. */
  readonly clear: () => never = () => {
    throw this.refusal("clear", "the player holds no audio here");
  };

  /** Not for RTC Mode: the room's audio has its own format. */
  readonly setAudioFormat: (format: AudioFormat) => never = () => {
    throw this.refusal("setAudioFormat", "the room's audio has its own format");
  };

  /** Not for RTC Mode: it would act on the SDK's own audio player, which RTC Mode does not use. */
  readonly setVolume: (volume: number) => never = () => {
    throw this.refusal("setVolume", "the avatar's voice is set with LiveKitProvider.setVolume()");
  };

  /** Null: rounds of RTC Mode have numbers, told by the player's events. */
  getCurrentConversationId(): string | null {
    return null;
  }

  /** 1: the SDK's own audio player is not used. */
  getVolume(): number {
    return 1;
  }

  private refuse(method: string, reason: string): Promise<never> {
    return Promise.reject(this.refusal(method, reason));
  }

  private refusal(method: string, reason: string): AvatarError {
    return new AvatarError(
      AvatarErrorCode.notSupportedInMode,
      `AvatarController.${method}() is not available with driving service mode "${drivingServiceMode()}" here: ${reason}.`,
    );
  }
}
