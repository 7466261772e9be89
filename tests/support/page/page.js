// A page of the least: it speaks the bridge's protocol and keeps what it heard for a test to read.
const state = (window.testPage = { events: [], replies: {}, connection: null, hello: null, taken: null });
const waiting = new Map();
let next = 1;

function show(text) {
  document.getElementById("state").textContent = text;
}

new QWebChannel(qt.webChannelTransport, (channel) => {
  const bridge = channel.objects.bridge;
  state.objects = channel.objects;
  bridge.message.connect((text) => {
    const envelope = JSON.parse(text);
    if (envelope.event !== undefined) {
      state.events.push(envelope);
      return;
    }
    state.replies[envelope.id] = envelope;
    waiting.get(envelope.id)?.(envelope);
    waiting.delete(envelope.id);
  });
  state.raw = (text) => new Promise((resolve) => bridge.call(text, resolve));
  state.call = (method, params = {}) =>
    new Promise((resolve) => {
      const id = next++;
      waiting.set(id, resolve);
      bridge.call(JSON.stringify({ v: 1, id, method, params }), (text) => {
        const taken = JSON.parse(text);
        if (!taken.ok) resolve(taken);
      });
    });
  start();
});

async function start() {
  state.hello = await state.call("hello", { bridge: 1, page: "test" });
  show("hello");
  await state.call("page.mark", { name: "first_frame", at: Date.now() });
  setInterval(() => state.call("page.status", { state: "idle", room: "none", frames: next }), 1000);
  state.connection = await state.call("connection.get");
  show(state.connection.ok ? `connected to ${state.connection.result.url}` : state.connection.error.message);
}
