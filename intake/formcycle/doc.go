// Package formcycle reads forms of FORMCYCLE (XIMA) whose author sends JSON or
// XML of his own shape.
//
// There is no public schema (U): the two configurations beside this file read any
// tree, find the applicant under common names, and recognise a form by an
// envelope that the author is asked to write: a member "formcycle", or a root
// element "formcycle", or by its own schema if the configuration is given one.
// Forms sent through the plugin for OZG-Cloud are not read here.
package formcycle
