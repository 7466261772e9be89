// One livekit-client participant, driven by a test through the functions of `participant`.
"use strict"

const { Room, RoomEvent, Track } = LivekitClient
const room = new Room({ adaptiveStream: false, dynacast: false, singlePeerConnection: false })
const events = []
const heard = { analyser: null, context: null }

room.on(RoomEvent.DataReceived, (payload, sender, kind, topic) => {
  events.push({ name: "data", text: new TextDecoder().decode(payload), from: sender?.identity ?? null, topic, kind })
})
room.on(RoomEvent.ParticipantAttributesChanged, (changed, who) => {
  events.push({ name: "attributes", from: who.identity, attributes: who.attributes })
})
room.on(RoomEvent.Disconnected, (reason) => events.push({ name: "disconnected", reason }))
room.on(RoomEvent.Reconnected, () => events.push({ name: "reconnected" }))
room.on(RoomEvent.SignalReconnecting, () => events.push({ name: "signalReconnecting" }))
room.on(RoomEvent.Reconnecting, () => events.push({ name: "reconnecting" }))
room.on(RoomEvent.ActiveSpeakersChanged, (speakers) => {
  events.push({ name: "speakers", identities: speakers.map((speaker) => speaker.identity) })
})
room.on(RoomEvent.TrackSubscribed, (track, publication, from) => {
  events.push({ name: "track", kind: track.kind, from: from.identity })
  const element = track.attach()
  document.body.append(element)
  if (track.kind === Track.Kind.Audio) {
    heard.context = new AudioContext()
    heard.analyser = heard.context.createAnalyser()
    heard.analyser.fftSize = 16384
    heard.context.createMediaStreamSource(new MediaStream([track.mediaStreamTrack])).connect(heard.analyser)
  }
})
room.registerTextStreamHandler("lk.transcription", async (reader, from) => {
  events.push({ name: "text", from: from.identity, text: await reader.readAll() })
})

async function waitFor(condition, what) {
  const deadline = performance.now() + 20000
  while (performance.now() < deadline) {
    const value = condition()
    if (value) return value
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`not within 20 s: ${what} (${JSON.stringify(events)})`)
}

window.participant = {
  async join(url, token) {
    const began = performance.now()
    await room.connect(url, token)
    return performance.now() - began
  },
  async publishTone(frequency) {
    const context = new AudioContext()
    const oscillator = context.createOscillator()
    oscillator.frequency.value = frequency
    const sink = context.createMediaStreamDestination()
    oscillator.connect(sink)
    oscillator.start()
    const publication = await room.localParticipant.publishTrack(sink.stream.getAudioTracks()[0], {
      source: Track.Source.Microphone, name: "tone", dtx: false, red: false,
    })
    return publication.trackSid
  },
  async publishMicrophone() {
    const publication = await room.localParticipant.setMicrophoneEnabled(true)
    return publication.trackSid
  },
  async publishCamera() {
    const publication = await room.localParticipant.setCameraEnabled(true)
    return publication.trackSid
  },
  setMicrophone: async (enabled) => { await room.localParticipant.setMicrophoneEnabled(enabled) },
  send: (text, topic, reliable) =>
    room.localParticipant.publishData(new TextEncoder().encode(text), { topic, reliable }),
  sendText: async (text, topic) => { await room.localParticipant.sendText(text, { topic }) },
  setAttributes: (attributes) => room.localParticipant.setAttributes(attributes),
  rpc: (to, method, payload) =>
    room.localParticipant.performRpc({ destinationIdentity: to, method, payload }),
  answerRpc(method, suffix) {
    room.localParticipant.registerRpcMethod(method, async (call) => call.payload + suffix)
  },
  knows: (identity) => waitFor(() => room.remoteParticipants.has(identity), identity),
  attributesOf: (identity) => room.remoteParticipants.get(identity)?.attributes ?? null,
  kindOf: (identity) => room.remoteParticipants.get(identity)?.kind ?? null,
  seen: (name) => events.filter((event) => event.name === name),
  event: (name, count = 1) =>
    waitFor(() => events.filter((event) => event.name === name)[count - 1], `event ${name}`),
  async loudestFrequency() {
    const { analyser, context } = heard
    const bins = new Float32Array(analyser.frequencyBinCount)
    return await waitFor(() => {
      analyser.getFloatFrequencyData(bins)
      const best = bins.indexOf(Math.max(...bins))
      return bins[best] > -50 ? (best * context.sampleRate) / analyser.fftSize : 0
    }, "a sound")
  },
  async videoSize() {
    const element = await waitFor(() => document.querySelector("video"), "a video element")
    await waitFor(() => element.videoWidth > 0, "a picture")
    return [element.videoWidth, element.videoHeight]
  },
  simulate: (scenario) => room.simulateScenario(scenario),
  state: () => room.state,
  tokenOtherThan: (token) => waitFor(() => room.engine.token !== token && room.engine.token, "a fresh token"),
  leave: () => room.disconnect(),
}
