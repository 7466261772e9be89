/** The interface's own icons: 24 × 24, drawn with one stroke weight, coloured by the text. */
import type { ComponentChildren, JSX } from "preact";

function Icon({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

const MIC_BODY = "M12 3.5a2.75 2.75 0 0 1 2.75 2.75v5a2.75 2.75 0 0 1-5.5 0v-5A2.75 2.75 0 0 1 12 3.5Z";

export function MicIcon(): JSX.Element {
  return (
    <Icon>
      <path d={MIC_BODY} />
      <path d="M5.75 11a6.25 6.25 0 0 0 12.5 0M12 17.25v3.25" />
    </Icon>
  );
}

export function MicOffIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M14.75 9.5V6.25a2.75 2.75 0 0 0-5.2-1.25M9.25 9.75v1.5a2.75 2.75 0 0 0 4.1 2.4" />
      <path d="M5.75 11a6.25 6.25 0 0 0 9.6 5.27M18.25 11a6.2 6.2 0 0 1-.72 2.9M12 17.25v3.25M4 4l16 16" />
    </Icon>
  );
}

export function ChevronIcon(): JSX.Element {
  return (
    <Icon>
      <path d="m7 14.5 5-5 5 5" />
    </Icon>
  );
}

export function CaptionsIcon({ on }: { readonly on: boolean }): JSX.Element {
  return (
    <Icon>
      <rect x="3.25" y="5.25" width="17.5" height="13.5" rx="3" />
      <path d="M10.5 10.6a2 2 0 1 0 0 2.8M16.75 10.6a2 2 0 1 0 0 2.8" />
      {on ? null : <path d="M4 3.5 20 20.5" />}
    </Icon>
  );
}

export function ChatIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M4 6.75A2.75 2.75 0 0 1 6.75 4h10.5A2.75 2.75 0 0 1 20 6.75v6.5A2.75 2.75 0 0 1 17.25 16H11l-4.5 4v-4A2.5 2.5 0 0 1 4 13.5Z" />
      <path d="M8.25 8.5h7.5M8.25 11.75h4.5" />
    </Icon>
  );
}

export function SettingsIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M4 7.5h8.5M17.5 7.5H20M4 16.5h2.5M11.5 16.5H20" />
      <circle cx="15" cy="7.5" r="2.4" />
      <circle cx="9" cy="16.5" r="2.4" />
    </Icon>
  );
}

export function EndIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M4.2 14.9c-.9-1.1-.7-2.6.4-3.5a12 12 0 0 1 14.8 0c1.1.9 1.3 2.4.4 3.5l-.6.8a1.5 1.5 0 0 1-1.8.4l-1.9-.9a1.5 1.5 0 0 1-.8-1.6l.2-1.1a9.5 9.5 0 0 0-5.8 0l.2 1.1a1.5 1.5 0 0 1-.8 1.6l-1.9.9a1.5 1.5 0 0 1-1.8-.4Z" />
    </Icon>
  );
}

export function StartIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M8.2 4.6 9.9 8a1.5 1.5 0 0 1-.35 1.8L8.3 10.9a11 11 0 0 0 4.8 4.8l1.1-1.25a1.5 1.5 0 0 1 1.8-.35l3.4 1.7c.6.3.95.95.8 1.6-.35 1.7-1.8 2.95-3.6 2.6C9.7 18.8 5.2 14.3 4 7.4c-.35-1.8.9-3.25 2.6-3.6a1.5 1.5 0 0 1 1.6.8Z" />
    </Icon>
  );
}

export function CloseIcon(): JSX.Element {
  return (
    <Icon>
      <path d="m6.5 6.5 11 11M17.5 6.5l-11 11" />
    </Icon>
  );
}

export function SendIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M12 19V5.5M6 11.25 12 5.25l6 6" />
    </Icon>
  );
}

export function CheckIcon(): JSX.Element {
  return (
    <Icon>
      <path d="m5.5 12.5 4.25 4.25L18.5 8" />
    </Icon>
  );
}

export function WarningIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M12 4.25 20.5 19h-17Z" />
      <path d="M12 10v4M12 16.6v.15" />
    </Icon>
  );
}

export function SpeakerIcon(): JSX.Element {
  return (
    <Icon>
      <path d="M4 9.75v4.5h3.25L12 18.25V5.75L7.25 9.75Z" />
      <path d="M15.25 9a4.25 4.25 0 0 1 0 6M17.75 6.5a7.75 7.75 0 0 1 0 11" />
    </Icon>
  );
}
