import {
  convertCssVariables,
  defaultCssVariablesResolver,
  DEFAULT_THEME,
  mergeMantineTheme,
} from '@mantine/core'
import { theme } from './theme'

/** The theme's variables as a style sheet; run while building, never in the browser. */
export function themeCss(): string {
  const variables = defaultCssVariablesResolver(mergeMantineTheme(DEFAULT_THEME, theme))
  return convertCssVariables(
    {
      variables: variables.variables,
      dark: { ...variables.dark, '--mantine-color-scheme': 'dark' },
      light: { ...variables.light, '--mantine-color-scheme': 'light' },
    },
    ':root',
  )
}
