import '@mantine/core/styles.layer.css'
import '@mantine/notifications/styles.layer.css'
import 'virtual:theme.css'
import '@fontsource-variable/inter/wght.css'
import '@fontsource-variable/jetbrains-mono/wght.css'
import './theme/tokens.css'
import './theme/base.css'
import { createTheme, MantineProvider, mergeThemeOverrides } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { asProblem } from './api/problem'
import { readLinkCode } from './session/link'
import { Gate } from './session/Gate'
import { startLanguage, t } from './text'
import { modal, theme } from './theme/theme'
import { whenRecovered } from './live/link'

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (failures, error) => asProblem(error).status === 0 && failures < 2,
      refetchOnWindowFocus: false,
    },
  },
})
whenRecovered(() => void queries.invalidateQueries())

/** Apart from the theme, which is also read while building, where there are no texts. */
const named = createTheme({
  components: {
    Modal: {
      defaultProps: () => ({
        ...modal,
        closeButtonProps: { 'aria-label': t('shell.close') },
        // A dialog's head is no second banner of the page.
        attributes: { header: { role: 'presentation' } },
      }),
    },
  },
})

readLinkCode()
await startLanguage()
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider
      theme={mergeThemeOverrides(theme, named)}
      defaultColorScheme="dark"
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <QueryClientProvider client={queries}>
        <Notifications position="bottom-right" limit={4} />
        <Gate />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
