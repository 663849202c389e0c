import { createTheme, type MantineColorsTuple } from '@mantine/core'

const brand: MantineColorsTuple = [
  '#eef4ff',
  '#dbe6ff',
  '#b6ccff',
  '#8fb2ff',
  '#6e9bff',
  '#5587f5',
  '#3f72e8',
  '#2f5ecb',
  '#274da5',
  '#1e3c80',
]

/** Cool greys: text at 0, lines at 4, panels at 6, the ground at 7. */
const dark: MantineColorsTuple = [
  '#e7ebf2',
  '#b9c2cf',
  '#9aa5b5',
  '#6b7686',
  '#2b333f',
  '#212833',
  '#171c24',
  '#0f1319',
  '#0b0e13',
  '#07090d',
]

const gray: MantineColorsTuple = [
  '#f7f8fa',
  '#eff1f4',
  '#e3e7ec',
  '#d3d9e0',
  '#bac2cc',
  '#8d97a5',
  '#5f6a79',
  '#475160',
  '#2c3440',
  '#161b22',
]

/** Dark enough at 7 for white words upon it. */
const red: MantineColorsTuple = [
  '#fff5f5',
  '#ffe3e3',
  '#ffc9c9',
  '#ffa8a8',
  '#ff8787',
  '#ff6b6b',
  '#e03131',
  '#c92a2a',
  '#b02525',
  '#961f1f',
]

const small = { size: 'xs' as const }

/**
 * Nothing locks the page's scroll: the page itself never scrolls, and the lock would need inline
 * styles, which the policy forbids.
 */
export const modal = { lockScroll: false, centered: true, padding: 'lg' }

/** The look of every part: dense, quiet, readable from across a control room. */
export const theme = createTheme({
  primaryColor: 'brand',
  primaryShade: { light: 7, dark: 7 },
  autoContrast: true,
  luminanceThreshold: 0.32,
  colors: { brand, dark, gray, red },
  black: '#161b22',
  fontFamily:
    '"Inter Variable", "Noto Sans TC", "PingFang TC", "Microsoft JhengHei", system-ui, sans-serif',
  fontFamilyMonospace: '"JetBrains Mono Variable", ui-monospace, monospace',
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  lineHeights: { xs: '1.4', sm: '1.45', md: '1.5', lg: '1.5', xl: '1.4' },
  spacing: { xs: '6px', sm: '10px', md: '14px', lg: '20px', xl: '28px' },
  radius: { xs: '3px', sm: '5px', md: '7px', lg: '10px', xl: '16px' },
  defaultRadius: 'sm',
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '15px', lineHeight: '1.4' },
      h2: { fontSize: '14px', lineHeight: '1.4' },
      h3: { fontSize: '13px', lineHeight: '1.4' },
      h4: { fontSize: '12px', lineHeight: '1.4' },
    },
  },
  cursorType: 'pointer',
  components: {
    Button: { defaultProps: small },
    ActionIcon: { defaultProps: { size: 'md', variant: 'subtle', color: 'gray' } },
    TextInput: { defaultProps: small },
    Textarea: { defaultProps: small },
    PasswordInput: { defaultProps: { size: 'sm' } },
    Select: { defaultProps: { ...small, comboboxProps: { shadow: 'md' } } },
    MultiSelect: { defaultProps: small },
    Checkbox: { defaultProps: small },
    SegmentedControl: { defaultProps: small },
    Menu: { defaultProps: { shadow: 'md', position: 'bottom-end' } },
    Tooltip: { defaultProps: { openDelay: 350, withArrow: false, fz: 12 } },
    Modal: { defaultProps: modal },
    ModalRoot: { defaultProps: { lockScroll: false } },
    Drawer: { defaultProps: { lockScroll: false } },
    Table: { defaultProps: { verticalSpacing: 6, horizontalSpacing: 10 } },
  },
})
