import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'
import { themeCss } from './src/theme/css'

const VIRTUAL = 'virtual:theme.css'

/**
 * Writes the theme's variables into a style sheet while building, so that nothing has to put
 * `<style>` into the page and the policy can stay at `style-src 'self'`.
 */
function staticTheme(): Plugin {
  return {
    name: 'castellan-static-theme',
    resolveId: (id) => (id === VIRTUAL ? `\0${VIRTUAL}` : null),
    load: (id) => (id === `\0${VIRTUAL}` ? themeCss() : null),
  }
}

/** While developing, where the API is and how to be let in; never part of what is built. */
const api = process.env.CASTELLAN_API ?? 'http://127.0.0.1:8420'
const token = process.env.CASTELLAN_TOKEN
const proxy = {
  target: api,
  changeOrigin: true,
  headers: token ? { Authorization: `Bearer ${token}` } : undefined,
}

export default defineConfig({
  plugins: [react(), staticTheme()],
  server: { proxy: { '/v1': proxy, '/openapi.json': proxy } },
  build: {
    target: 'es2022',
    sourcemap: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
    modulePreload: { polyfill: false },
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
} as Parameters<typeof defineConfig>[0])
