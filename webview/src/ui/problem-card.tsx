import type { JSX } from "preact";

import type { Remedy } from "../session/problems";
import { IconButton } from "./button";
import { start, useUi } from "./context";
import { CloseIcon, SpeakerIcon, WarningIcon } from "./icons";

const BUTTONS: Readonly<Record<Remedy, string>> = {
  "retry": "Try again",
  "restart-stack": "Start it again",
  "restart-agent": "Restart the agent",
  "unlock-audio": "Turn the sound on",
  "microphone": "Try the microphone again",
  "dismiss": "OK",
};

/** What went wrong, what to do, and the button that helps. */
export function ProblemCard(): JSX.Element | null {
  const { store, actions } = useUi();
  const problem = store.problem.value;
  if (problem === null) return null;
  const button = problem.retryable || problem.blocking || problem.remedy === "dismiss" ? BUTTONS[problem.remedy] : null;
  return (
    <section class="problem" role="alert" data-blocking={problem.blocking} data-code={problem.code}>
      <span class="problem-icon">{problem.remedy === "unlock-audio" ? <SpeakerIcon /> : <WarningIcon />}</span>
      <div class="problem-text">
        <h2>{problem.message}</h2>
        {problem.hint === "" ? null : <p>{problem.hint}</p>}
      </div>
      {button === null ? null : (
        <button type="button" class="solid" onClick={() => start(actions.remedy())}>
          {button}
        </button>
      )}
      {problem.blocking ? null : (
        <IconButton label="Dismiss" onClick={() => (store.problem.value = null)}>
          <CloseIcon />
        </IconButton>
      )}
    </section>
  );
}
