// @peculiar/x509 keeps its algorithms in a container (tsyringe) that asks for the Reflect.metadata proposal while it loads.
// None of what it registers there has constructor parameters, so an answer of "no metadata" is the true one.
const none = () => undefined;
if (!('getMetadata' in Reflect))
  Object.assign(Reflect, {
    getMetadata: none,
    getOwnMetadata: none,
    hasOwnMetadata: () => false,
    defineMetadata: none,
  });
