export type Scenario = { name: string; file: string; steps: object[] }
export const scenarios: Scenario[]
export function playLive(scenario: Scenario, on: { sdk: object; url: string; run: string }): Promise<void>
