// Polyfills for features that the server uses and Node 20 lacks. Each does nothing if the feature exists.
import 'core-js/es/json/index.js'
import 'core-js/es/map/group-by.js'
import 'core-js/es/promise/with-resolvers.js'
