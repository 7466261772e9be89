import { ConnectionError, ConnectionState as RoomState, type RemoteAudioTrack, RoomEvent, Track } from "livekit-client";
import { describe, expect, it } from "vitest";
import { FakeParticipant, FakePublication, FakeRoom, fakeVoiceTrack } from "./fake-livekit";
import { livekitVersionWarning } from "./livekit-version";
import { LiveKitProvider } from "./provider";
import { ConnectionState, type ProviderCallbacks } from "./types";

const CONFIG = { url: "ws://127.0.0.1:1", token: "token", roomName: "desk" };

function setUp() {
  const room = new FakeRoom();
  const provider = new LiveKitProvider({ createRoom: () => room.asRoom });
  const told: string[] = [];
  const callbacks: ProviderCallbacks = {
    onConnectionState: (state) => told.push(state),
    onDisconnected: (reason) => told.push(`over: ${reason}`),
    onError: (error) => told.push(error.message),
    onMotion: (identity, bytes) => told.push(`motion ${identity} ${bytes.length}`),
    onVoice: (identity, voice) => told.push(`voice ${identity} ${voice ? "came" : "went"}`),
    onParticipantLeft: (identity) => told.push(`left ${identity}`),
    onAudioPlayback: (allowed) => told.push(`sound ${allowed ? "plays" : "blocked"}`),
  };
  provider.setCallbacks(callbacks);
  return { room, provider, told };
}

/** An avatar whose voice is heard: in the room's books and told to the listeners. */
function avatarSpeaks(room: FakeRoom, track: RemoteAudioTrack = fakeVoiceTrack("voice")) {
  const avatar = new FakeParticipant("avatar");
  const publication = new FakePublication(Track.Kind.Audio, track);
  avatar.trackPublications.set("voice", publication);
  room.remoteParticipants.set("avatar", avatar);
  room.emit(RoomEvent.TrackSubscribed, track, publication, avatar);
  return { avatar, publication, track };
}

describe("the LiveKit provider", () => {
  it("connects and tells the states in order", async () => {
    const { room, provider, told } = setUp();
    await provider.connect(CONFIG);
    expect(room.log).toEqual(["connect ws://127.0.0.1:1 token"]);
    expect(told).toEqual(["connecting", "connected", "sound plays"]);
    expect(provider.getNativeClient()).toBe(room);
  });

  it("names a refused token, and is ready for another try", async () => {
    const { room, provider, told } = setUp();
    room.failure = ConnectionError.notAllowed("invalid token", 401);
    await expect(provider.connect(CONFIG)).rejects.toMatchObject({ name: "RTCError", code: "not-allowed" });
    expect(told).toEqual(["connecting", "failed"]);
    expect(provider.getNativeClient()).toBeNull();
    room.failure = null;
    await provider.connect(CONFIG);
    expect(provider.connectionState).toBe(ConnectionState.connected);
  });

  it("names a room that can't be reached", async () => {
    const { room, provider } = setUp();
    room.failure = ConnectionError.serverUnreachable("refused");
    await expect(provider.connect(CONFIG)).rejects.toThrow("The room at ws://127.0.0.1:1 can't be reached.");
  });

  it("leaves nothing of itself on a Room after disconnecting", async () => {
    const { room, provider, told } = setUp();
    await provider.connect(CONFIG);
    expect(room.eventNames().length).toBeGreaterThan(5);
    await provider.disconnect();
    expect(room.eventNames()).toEqual([]);
    expect(told.at(-1)).toBe("disconnected");
    expect(told).not.toContain("over: client_initiated");
  });

  it("tells of a call that breaks, and of a connection that comes back", async () => {
    const { room, provider, told } = setUp();
    await provider.connect(CONFIG);
    told.length = 0;
    room.become(RoomState.Reconnecting);
    room.become(RoomState.Connected);
    room.emit(RoomEvent.Disconnected, 3);
    expect(told).toEqual(["reconnecting", "connected", "disconnected", "over: server_shutdown"]);
    expect(provider.getNativeClient()).toBeNull();
  });

  it("hands over motion of its topic only, and only from participants", async () => {
    const { room, provider, told } = setUp();
    await provider.connect(CONFIG);
    told.length = 0;
    const avatar = new FakeParticipant("avatar");
    room.emit(RoomEvent.DataReceived, new Uint8Array(3), avatar, 1, "avatar.motion");
    room.emit(RoomEvent.DataReceived, new Uint8Array(3), avatar, 1, "lk.chat");
    room.emit(RoomEvent.DataReceived, new Uint8Array(3), undefined, 1, "avatar.motion");
    expect(told).toEqual(["motion avatar 3"]);
  });

  it("plays a voice through an element of its own, at the volume chosen", async () => {
    const { room, provider, told } = setUp();
    provider.setVolume(0.25);
    await provider.connect(CONFIG);
    const { track, avatar, publication } = avatarSpeaks(room);
    expect(track.attachedElements).toHaveLength(1);
    expect(track.attachedElements[0]?.volume).toBe(0.25);
    provider.setVolume(4);
    expect(track.attachedElements[0]?.volume).toBe(1);
    expect(told.at(-1)).toBe("voice avatar came");
    room.emit(RoomEvent.TrackUnsubscribed, track, publication, avatar);
    expect(track.attachedElements).toHaveLength(0);
    expect(told.at(-1)).toBe("voice avatar went");
  });

  it("does not subscribe to the avatar's black video", async () => {
    const { room, provider } = setUp();
    await provider.connect(CONFIG);
    const video = new FakePublication(Track.Kind.Video, undefined);
    room.emit(RoomEvent.TrackPublished, video, new FakeParticipant("avatar"));
    expect(video.subscribed).toBe(false);
  });

  it("follows a host's Room: adopts who is there, plays nothing, leaves the call alone", () => {
    const { room, provider, told } = setUp();
    room.state = RoomState.Connected;
    const { track } = avatarSpeaks(room);
    provider.attach(room.asRoom);
    expect(told).toEqual(["connected", "voice avatar came"]);
    expect(track.attachedElements).toHaveLength(0);
    expect(() => provider.attach(room.asRoom)).toThrow("Already connected");
    provider.detach();
    expect(room.eventNames()).toEqual([]);
    expect(room.log).toEqual([]);
    expect(told.slice(2)).toEqual(["voice avatar went", "disconnected"]);
  });

  it("publishes the microphone chosen, once, and stops it with its publication", async () => {
    const { room, provider } = setUp();
    await provider.setInputDevice("mic-2");
    await expect(provider.publishAudioTrack()).rejects.toThrow("Not connected. Please call connect() first.");
    await provider.connect(CONFIG);
    await provider.publishAudioTrack();
    await provider.publishAudioTrack();
    await provider.unpublishAudioTrack();
    expect(room.log.slice(1)).toEqual(["microphone mic-2", "unpublish and stop"]);
  });

  it("does not stop a track that was handed in", async () => {
    const { room, provider } = setUp();
    await provider.connect(CONFIG);
    await provider.publishAudioTrack({ kind: "audio" } as MediaStreamTrack);
    await provider.unpublishAudioTrack();
    expect(room.log.slice(1)).toEqual(["publishTrack", "unpublish only"]);
  });

  it("says in plain words why the microphone can't be had", async () => {
    const { room, provider } = setUp();
    await provider.connect(CONFIG);
    room.failure = new DOMException("Invalid state", "AbortError");
    await expect(provider.publishAudioTrack()).rejects.toMatchObject({
      code: "microphone",
      message: "The microphone may not be used: permission was refused.",
    });
    room.failure = new DOMException("none", "NotFoundError");
    await expect(provider.publishAudioTrack()).rejects.toThrow("No microphone was found.");
  });

  it("plays on the loudspeaker chosen before the call", async () => {
    const { room, provider } = setUp();
    await provider.setOutputDevice("speaker-2");
    await provider.connect(CONFIG);
    expect(room.log).toEqual(["connect ws://127.0.0.1:1 token", "audiooutput speaker-2"]);
  });

  it("tells when the browser blocks sound, and unlocks it", async () => {
    const { room, provider, told } = setUp();
    await provider.connect(CONFIG);
    room.canPlaybackAudio = false;
    room.emit(RoomEvent.AudioPlaybackStatusChanged, false);
    expect(told.at(-1)).toBe("sound blocked");
    await provider.startAudio();
    expect(room.log.at(-1)).toBe("startAudio");
  });

  it("uses the connection it prepared for the same address", async () => {
    const rooms: FakeRoom[] = [];
    const provider = new LiveKitProvider({
      createRoom: () => {
        const room = new FakeRoom();
        rooms.push(room);
        return room.asRoom;
      },
    });
    await provider.prepareConnection(CONFIG);
    await provider.connect(CONFIG);
    expect(rooms.map((room) => room.log)).toEqual([["prepare ws://127.0.0.1:1", "connect ws://127.0.0.1:1 token"]]);
  });
});

describe("the check of livekit-client's version", () => {
  it("is content with the one installed", () => {
    expect(livekitVersionWarning()).toBeNull();
  });

  it("names both versions when it is another", () => {
    expect(livekitVersionWarning("2.17.0")).toMatch(/2\.17\.0.*2\.16\.1/);
  });
});
