/** What happens in the room besides sound and motion: who is there, what the agent does, what was said. */
import { RoomEvent, type Participant, type Room, type TextStreamReader } from "livekit-client";

import type { CaptionUpdate } from "./captions";
import { activityOf, type Activity } from "./phase";

/** LiveKit's names for what agents publish. */
const TRANSCRIPTION_TOPIC = "lk.transcription";
const CHAT_TOPIC = "lk.chat";
const AGENT_STATE = "lk.agent.state";
const ON_BEHALF = "lk.publish_on_behalf";

/** How long the agent, then the avatar, may take to come before the missing one is named, ms. */
export const JOIN_DEADLINE_MS = 30_000;

export type MissingLink = "agent" | "avatar";

export interface RoomHandlers {
  onActivity(activity: Activity): void;
  onCaption(update: CaptionUpdate): void;
  /** The first link that has not come in time; null when all are there. */
  onMissing(link: MissingLink | null): void;
  onAudioBlocked(blocked: boolean): void;
  onPeople(present: { readonly agent: string | null; readonly avatar: string | null }): void;
}

export class RoomWatch {
  readonly room: Room;
  readonly #handlers: RoomHandlers;
  #agent: Participant | null = null;
  #avatar: Participant | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #awaited: MissingLink | null = null;
  #stopped = false;

  constructor(room: Room, handlers: RoomHandlers) {
    this.room = room;
    this.#handlers = handlers;
    room.registerTextStreamHandler(TRANSCRIPTION_TOPIC, (reader, participant) => {
      void this.#transcribe(reader, participant.identity);
    });
    room
      .on(RoomEvent.ParticipantConnected, this.look)
      .on(RoomEvent.ParticipantDisconnected, this.look)
      .on(RoomEvent.ParticipantAttributesChanged, this.look)
      .on(RoomEvent.AudioPlaybackStatusChanged, this.#playback);
    this.look();
    this.#playback();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.room.unregisterTextStreamHandler(TRANSCRIPTION_TOPIC);
    this.room
      .off(RoomEvent.ParticipantConnected, this.look)
      .off(RoomEvent.ParticipantDisconnected, this.look)
      .off(RoomEvent.ParticipantAttributesChanged, this.look)
      .off(RoomEvent.AudioPlaybackStatusChanged, this.#playback);
  }

  async sendChat(text: string): Promise<void> {
    await this.room.localParticipant.sendText(text, { topic: CHAT_TOPIC });
  }

  readonly #playback = (): void => {
    this.#handlers.onAudioBlocked(!this.room.canPlaybackAudio);
  };

  /** Tell again who is there and what the agent does. */
  readonly look = (): void => {
    const others = [...this.room.remoteParticipants.values()];
    this.#avatar = others.find((one) => one.attributes[ON_BEHALF] !== undefined) ?? null;
    this.#agent =
      others.find((one) => one !== this.#avatar && one.attributes[AGENT_STATE] !== undefined) ??
      others.find((one) => one !== this.#avatar && one.isAgent) ??
      null;
    this.#handlers.onActivity(this.#agent === null ? "waiting" : activityOf(this.#agent.attributes[AGENT_STATE]));
    this.#handlers.onPeople({ agent: this.#agent?.identity ?? null, avatar: this.#avatar?.identity ?? null });
    this.#await(this.#agent === null ? "agent" : this.#avatar === null ? "avatar" : null);
  };

  /** Start the clock for the link that is missing now; one that was named already is withdrawn once it is there. */
  #await(link: MissingLink | null): void {
    if (link === this.#awaited) return;
    this.#awaited = link;
    clearTimeout(this.#timer);
    this.#handlers.onMissing(null);
    if (link !== null) this.#timer = setTimeout(() => this.#handlers.onMissing(link), JOIN_DEADLINE_MS);
  }

  /** One text stream is one line: interim user texts come whole, each in its stream; an agent's text grows. */
  async #transcribe(reader: TextStreamReader, identity: string): Promise<void> {
    const { info } = reader;
    const id = info.attributes?.["lk.segment_id"] ?? info.id;
    const speaker = identity === this.room.localParticipant.identity ? "user" : "avatar";
    const at = Date.now();
    let text = "";
    try {
      for await (const chunk of reader) {
        text += chunk;
        if (this.#stopped) return;
        this.#handlers.onCaption({ id, speaker, text, final: false, at });
      }
    } catch (error) {
      // The speaker left in mid-sentence: what was heard stays.
      console.info("a transcription ended early", error);
    }
    // The trailer's attributes are in `info` by now. A user's interim text ends without being final.
    const final = speaker === "avatar" || reader.info.attributes?.["lk.transcription_final"] === "true";
    if (!this.#stopped) this.#handlers.onCaption({ id, speaker, text, final, at });
  }
}

/** The microphone track a room publishes, or null. */
export function microphoneTrack(room: Room): MediaStreamTrack | null {
  for (const publication of room.localParticipant.audioTrackPublications.values()) {
    if (publication.track) return publication.track.mediaStreamTrack;
  }
  return null;
}
