/** Every page and its address. Pages are fetched when first opened. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import { Shell } from './shell/Shell'
import { ProblemNote, Waiting } from './ui/Notes'
import { parseQuery, writeQuery, type UrlState } from './url'

const root = createRootRoute({
  component: Shell,
  validateSearch: (search: Record<string, unknown>) => search as UrlState,
})

const page = (path: string, load: () => Promise<{ default: React.ComponentType }>) =>
  createRoute({
    getParentRoute: () => root,
    path,
    component: lazyRouteComponent(load as () => Promise<{ default: () => React.ReactNode }>),
  })

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/operations' as never, replace: true })
  },
})

/** The sign-in page has this address; whoever is signed in has no business there. */
const signin = createRoute({
  getParentRoute: () => root,
  path: '/signin',
  beforeLoad: () => {
    throw redirect({ to: '/operations' as never, replace: true })
  },
})

const tree = root.addChildren([
  home,
  signin,
  page('/operations', () => import('./pages/operations')),
  page('/incidents', () => import('./pages/incidents')),
  page('/events', () => import('./pages/events')),
  page('/people', () => import('./pages/people')),
  page('/places', () => import('./pages/places')),
  page('/access', () => import('./pages/access')),
  page('/doors', () => import('./pages/doors')),
  page('/findings', () => import('./pages/findings')),
  page('/whereabouts', () => import('./pages/whereabouts')),
  page('/sources', () => import('./pages/sources')),
  page('/detections', () => import('./pages/detections')),
  page('/system', () => import('./pages/system')),
  page('/me', () => import('./pages/me')),
])

export const router = createRouter({
  routeTree: tree,
  parseSearch: parseQuery,
  stringifySearch: writeQuery as (search: Record<string, unknown>) => string,
  defaultPreload: 'intent',
  defaultPendingComponent: () => <Waiting />,
  defaultErrorComponent: ({ error, reset }) => <ProblemNote error={error} retry={reset} />,
  defaultNotFoundComponent: () => <ProblemNote error={new Error(location.pathname)} />,
})
