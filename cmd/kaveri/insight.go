package main

import "github.com/spf13/cobra"

func (p *program) insightCommand() *cobra.Command {
	return group("insight", "What the history says, from files, without a database", p.insightBasketsCommand(), p.insightExperimentCommand(), p.insightPromoCommand())
}
