// What the server uses and Node 20 does not have; each does nothing where it is there already.
import 'core-js/es/json/index.js'
import 'core-js/es/map/group-by.js'
import 'core-js/es/promise/with-resolvers.js'
