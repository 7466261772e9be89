// What the sheets of docs/avatar.md show.
import { execFileSync } from "node:child_process";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../../..");

/** The service's own viseme shapes, by viseme: the sheet shows what a conversation shows. */
function visemes() {
  const script =
    "import json; from avatardesk.driving.lipsync.shapes import VISEME_SHAPES; " +
    "from avatardesk.driving.lipsync.visemes import VISEMES; from avatardesk.driving.motion import ARKIT_52; " +
    "print(json.dumps({v: {n: float(x) for n, x in zip(ARKIT_52, row) if x} for v, row in zip(VISEMES, VISEME_SHAPES)}))";
  const python = process.env.PYTHON ?? join(ROOT, ".venv/bin/python");
  const env = { ...process.env, PYTHONPATH: join(ROOT, "desktop") };
  return JSON.parse(execFileSync(python, ["-c", script], { encoding: "utf8", env }));
}

const ARKIT =
  "eyeBlinkLeft eyeLookDownLeft eyeLookInLeft eyeLookOutLeft eyeLookUpLeft eyeSquintLeft eyeWideLeft eyeBlinkRight eyeLookDownRight eyeLookInRight eyeLookOutRight eyeLookUpRight eyeSquintRight eyeWideRight jawForward jawLeft jawRight jawOpen mouthClose mouthFunnel mouthPucker mouthLeft mouthRight mouthSmileLeft mouthSmileRight mouthFrownLeft mouthFrownRight mouthDimpleLeft mouthDimpleRight mouthStretchLeft mouthStretchRight mouthRollLower mouthRollUpper mouthShrugLower mouthShrugUpper mouthPressLeft mouthPressRight mouthLowerDownLeft mouthLowerDownRight mouthUpperUpLeft mouthUpperUpRight browDownLeft browDownRight browInnerUp browOuterUpLeft browOuterUpRight cheekPuff cheekSquintLeft cheekSquintRight noseSneerLeft noseSneerRight tongueOut".split(
    " ",
  );

const FACE = { x: 0, y: 0.085, scale: 1.62 };
const MOUTH = { x: 0, y: 0.42, scale: 2.9 };

/** All sheets by file name. */
export function sheets(avatar = "nova") {
  const arkit = ARKIT.map((name) => ({
    label: name,
    avatar,
    transform: FACE,
    weights: name === "mouthClose" ? { jawOpen: 1, mouthClose: 1 } : name === "tongueOut" ? { jawOpen: 0.4, tongueOut: 1 } : { [name]: 1 },
  }));
  const mouths = Object.entries(visemes()).map(([label, weights]) => ({ label, avatar, weights, transform: MOUTH }));
  const moods = ["idle", "listening", "thinking", "speaking", "error"];
  const speak = { jawOpen: 0.32, mouthLowerDown: 0.25, mouthUpperUp: 0.15, mouthStretch: 0.15 };
  return {
    "avatar-arkit52": { size: 150, columns: 9, shots: arkit },
    "avatar-visemes": { size: 220, columns: 5, shots: mouths },
    "avatar-moods": {
      size: 320,
      columns: 5,
      shots: moods.map((mood) => ({ label: mood, avatar, mood, seconds: 3, ...(mood === "speaking" ? { weights: speak } : {}) })),
    },
    "avatar-characters": {
      size: 420,
      columns: 3,
      shots: ["day", "night"].flatMap((theme) =>
        ["nova", "atlas", "iris"].map((id) => ({ label: id, avatar: id, mood: "listening", seconds: 3, theme })),
      ),
    },
  };
}
